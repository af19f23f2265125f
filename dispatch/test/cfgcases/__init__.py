"""Recorded cases of routing scripts, replayed against our program over real sockets (``make cfg-cases``)."""
