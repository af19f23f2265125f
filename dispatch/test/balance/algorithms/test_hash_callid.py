"""Tests of dispatch.balance.algorithms.hash_callid."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.hash_callid import HASH_CALLID
from dispatch.balance.turn import PLAIN
from dispatch.test.balance.make import FakeRequest, turn


class HashCallIdTests(SynchronousTestCase):
    def test_raw_number(self) -> None:
        """The raw number is the hash of the Call-ID, and no cursor moves."""
        one = turn(*(0,) * 13, cursor=4)
        self.assertEqual(HASH_CALLID.pick(one, FakeRequest(b"abc")), 7167810)
        self.assertEqual(one.cursor, 4)

    def test_no_call_id(self) -> None:
        """Without Call-ID there is no number."""
        self.assertEqual(HASH_CALLID.pick(turn(0, 0, 0), FakeRequest(b"")), -1)

    def test_key(self) -> None:
        """What is hashed can be shown."""
        assert HASH_CALLID.key is not None
        self.assertEqual(HASH_CALLID.key(PLAIN, FakeRequest(b"abc")), (b"abc",))
