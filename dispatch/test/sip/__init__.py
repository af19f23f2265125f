"""Tests of dispatch.sip."""
