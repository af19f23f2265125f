"""A SIP load balancer: Kamailio's dispatcher as a service of its own on Twisted."""

from dispatch import compiled

__version__ = "0.1.0"

compiled.use()
