"""`dispatch demo`: the real service, with gateways and a caller of our own around it."""

from dispatch.cli.demo.command import DEMO

__all__ = ["DEMO"]
