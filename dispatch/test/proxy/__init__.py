"""Tests of dispatch.proxy."""
