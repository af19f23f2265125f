"""Decisions recorded from Kamailio, replayed on the objects that the service is built of."""
