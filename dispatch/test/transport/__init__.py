"""Tests of dispatch.transport."""
