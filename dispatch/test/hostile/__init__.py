"""What strangers send, against the running program (``make hostile``), and for a long time (``make soak``)."""
