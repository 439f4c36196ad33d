"""What is going to be published, how much it matters, and when nothing is opened because of it."""
