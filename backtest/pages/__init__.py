"""Reports for people: what a page holds, and the same page as HTML and as Markdown."""
