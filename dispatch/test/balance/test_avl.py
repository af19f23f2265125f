"""Tests of dispatch.balance.avl."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.avl import listed


class ListedTests(SynchronousTestCase):
    def test_as_recorded(self) -> None:
        """Sets are listed as the original lists them."""
        for keys, expected in (
            ([], []),
            ([2, 1], [1, 2]),
            ([1, 2, 3], [1, 3, 2]),
            ([3, 2, 1], [1, 3, 2]),
            ([3, 1, 2], [1, 3, 2]),
            ([1, 3, 2], [1, 3, 2]),
            ([5, 3, 9, 1, 7], [1, 3, 7, 9, 5]),
        ):
            self.assertEqual(listed(keys), expected)

    @given(st.lists(st.integers(-(2**31), 2**31 - 1), unique=True))
    def test_nothing_is_lost(self, keys: list[int]) -> None:
        """Each set is listed once."""
        self.assertEqual(sorted(listed(keys)), sorted(keys))

    def test_many(self) -> None:
        """Sets that come in order don't make the tree a list."""
        self.assertEqual(len(listed(range(5000))), 5000)
