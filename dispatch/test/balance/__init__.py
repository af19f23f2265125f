"""Tests of dispatch.balance."""
