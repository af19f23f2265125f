"""`dispatch tls-demo`: throw-away certificates, to try TLS with."""

from dispatch.cli.tls_demo.command import TLS_DEMO

__all__ = ["TLS_DEMO"]
