"""Tests of the runner of property tests."""

from __future__ import annotations

import unittest

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.fuzz import properties


class _Sample(SynchronousTestCase):
    @given(st.integers())
    def a_property(self, number: int) -> None:
        """Fed by Hypothesis."""

    def an_example(self) -> None:
        """Not fed."""


class PropertiesTests(SynchronousTestCase):
    def test_only_properties(self) -> None:
        """Of a tree of tests the ones that Hypothesis feeds are found, wherever they are, and no others."""
        inner = unittest.TestSuite([_Sample("an_example"), _Sample("a_property")])
        outer = unittest.TestSuite([_Sample("a_property"), inner, unittest.TestSuite()])
        self.assertEqual([test.id().rpartition(".")[2] for test in properties(outer)], ["a_property"] * 2)
