"""Tests of dispatch.script."""
