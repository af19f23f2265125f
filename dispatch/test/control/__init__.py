"""Tests of dispatch.control."""
