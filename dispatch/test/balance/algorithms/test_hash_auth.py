"""Tests of dispatch.balance.algorithms.hash_auth."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.algorithms.hash_auth import HASH_AUTH, key
from dispatch.balance.hashing import hash_of
from dispatch.balance.turn import PLAIN
from dispatch.test.balance.make import FakeRequest, dispatcher, lines, turn

BOB = b'Digest username="sip:bob@d", realm="r"'
ALICE = b'Digest username=" alice "'


class KeyTests(SynchronousTestCase):
    def test_which_header(self) -> None:
        """Proxy-Authorization counts; Authorization only where that is no Digest header, not where it has no user."""
        for headers, expected in (
            ({"proxy_authorization": BOB, "authorization": ALICE}, (b"bob",)),
            ({"proxy_authorization": b"Basic x", "authorization": ALICE}, (b"alice",)),
            ({"authorization": ALICE}, (b"alice",)),
            ({"proxy_authorization": b'Digest username=""', "authorization": ALICE}, None),
            ({"authorization": b'Digest username="  "'}, (b"",)),
            ({}, None),
        ):
            self.assertEqual(key(PLAIN, FakeRequest(**headers)), expected)


class PickTests(SynchronousTestCase):
    def test_hash(self) -> None:
        """A user hashes, and the cursor stays where it is, whoever is taken."""
        own = turn(0, 0, 0, cursor=1)
        self.assertEqual(HASH_AUTH.pick(own, FakeRequest(authorization=BOB)), hash_of(b"bob"))
        one = dispatcher(lines(1, 1, 0))
        one.groups[1].turn.cursor = 1
        one.select(FakeRequest(authorization=BOB), 1, HASH_AUTH)
        self.assertEqual((own.cursor, one.groups[1].turn.cursor), (1, 1))

    def test_round_robin(self) -> None:
        """Without credentials it is round robin, with its cursor and its rule for members that are down."""
        one = dispatcher(lines(0, 1, 0))
        taken = [one.select(FakeRequest(), 1, HASH_AUTH) for _ in range(4)]
        self.assertEqual(
            [each and each.destination.uri for each in taken], [b"sip:gw0", b"sip:gw2", b"sip:gw0", b"sip:gw2"]
        )
