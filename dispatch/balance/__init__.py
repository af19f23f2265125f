"""Which destination a request goes to: lists, sets, algorithms, selection; no sockets and no reactor."""
