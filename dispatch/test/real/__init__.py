"""Tests with real peers."""
