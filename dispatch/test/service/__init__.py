"""Tests of dispatch.service."""
