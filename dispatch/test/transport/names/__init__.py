"""Tests of dispatch.transport.names."""
