"""Tests of dispatch.cli.demo."""
