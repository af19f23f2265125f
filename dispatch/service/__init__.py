"""The service: configuration, the tree of objects, and its door to twistd."""
