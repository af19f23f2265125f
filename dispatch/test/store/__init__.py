"""Tests of dispatch.store."""
