"""Units, instruments, market records and trading facts: the words every other room speaks."""
