"""Tests of dispatch.source."""
