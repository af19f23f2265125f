"""A SIP load balancer: Kamailio's dispatcher as a service of its own on Twisted."""

__version__ = "0.1.0"
