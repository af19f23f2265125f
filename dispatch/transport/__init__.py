"""Sockets: each transport is a provider of `ISipTransport`."""
