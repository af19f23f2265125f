"""The original as oracle: lists and requests go to a running Kamailio and to our objects, and both must agree."""
