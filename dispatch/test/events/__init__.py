"""Tests of dispatch.events."""
