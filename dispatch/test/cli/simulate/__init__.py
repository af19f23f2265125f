"""Tests of dispatch.cli.simulate."""
