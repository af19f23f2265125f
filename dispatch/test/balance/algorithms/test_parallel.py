"""Tests of dispatch.balance.algorithms.parallel; what is expected was recorded from the original."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.selection import Selection, find_algorithm
from dispatch.test.balance.make import FakeRequest, dispatcher, lines


def select(*flags: int, use_default: int = 0, limit: int = 0) -> Selection | None:
    one = dispatcher(lines(*flags), use_default=use_default)
    return one.select(FakeRequest(), 1, find_algorithm(12), limit)


class ParallelTests(SynchronousTestCase):
    def test_all_behind(self) -> None:
        """The first that can be taken and all behind it, whatever their state, the default and the limit."""
        for flags, expected in (
            ((0, 0, 1, 4, 0), b"01234"),
            ((0,), b"0"),
            ((0, 1), b"01"),
            ((1, 0, 1), b"12"),
            ((1, 0), b"1"),
        ):
            for use_default, limit in ((0, 0), (1, 0), (0, 2)):
                selection = select(*flags, use_default=use_default, limit=limit)
                assert selection is not None
                self.assertEqual(b"".join(one.uri[6:] for one in selection.parallel), expected)
                self.assertIs(selection.parallel[0], selection.destination)

    def test_no_list(self) -> None:
        """There is no failover list."""
        selection = select(0, 0)
        assert selection is not None
        self.assertEqual((selection.records, selection.count, selection.next()), ((), 0, None))

    def test_nobody(self) -> None:
        """When nobody can be taken there is nothing."""
        self.assertIsNone(select(1, 4))

    def test_others_have_none(self) -> None:
        """No other algorithm sends to several at once."""
        one = dispatcher(lines(0, 0)).select(FakeRequest(), 1, find_algorithm(4))
        assert one is not None
        self.assertEqual(one.parallel, ())
