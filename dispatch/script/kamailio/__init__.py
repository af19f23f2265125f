"""`kamailio.cfg`: its text read into a tree, checked, and compiled to Python functions over the native API."""
