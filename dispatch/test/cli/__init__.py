"""Tests of dispatch.cli."""
