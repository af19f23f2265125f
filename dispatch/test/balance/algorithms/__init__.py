"""Tests of dispatch.balance.algorithms."""
