"""Tests of dispatch.balance.algorithms.hash_callid."""

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.hash_callid import HASH_CALLID
from dispatch.balance.turn import Turn
from dispatch.test.balance.make import FakeRequest


class HashCallIdTests(SynchronousTestCase):
    def test_raw_number(self) -> None:
        """The raw number is the hash of the Call-ID, and no cursor moves."""
        turn = Turn(13, 13, Random(1), cursor=4)
        self.assertEqual(HASH_CALLID.pick(turn, FakeRequest(b"abc")), 7167810)
        self.assertEqual(turn.cursor, 4)

    def test_no_call_id(self) -> None:
        """Without Call-ID there is no number."""
        self.assertEqual(HASH_CALLID.pick(Turn(3, 3, Random(1)), FakeRequest(b"")), -1)

    def test_key(self) -> None:
        """What is hashed can be shown."""
        assert HASH_CALLID.key is not None
        self.assertEqual(HASH_CALLID.key(FakeRequest(b"abc")), b"abc")
