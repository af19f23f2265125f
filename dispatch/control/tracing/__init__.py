"""Following calls: who wants to see which, what was seen, and the forms in which it leaves; I/O is in `homer`."""
