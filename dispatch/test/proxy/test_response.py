"""Tests of dispatch.proxy.response."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.proxy.response import rank, upwards, without_via
from dispatch.sip.message import Message
from dispatch.test.wire import request, response_to

OURS: Final = b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKds1.1.00000000\r\n"
FINAL: Final = st.integers(300, 699)


def response(status: int = 200, ours: bytes = OURS, headers: bytes = b"") -> bytes:
    """A response with our Via on top of the caller's."""
    return response_to(request(), status, headers=headers).replace(b"Via:", ours + b"Via:", 1)


class WithoutViaTests(SynchronousTestCase):
    """RFC 3261 §16.7 step 3."""

    def test_a_line_of_its_own(self) -> None:
        """Our Via goes with its line; all other bytes stay."""
        data = response()
        for usual in (None, False):
            self.assertEqual(without_via(Message(data, usual)), data.replace(OURS, b""))

    def test_any_spelling(self) -> None:
        """Compact, folded or oddly spaced: the line of our Via goes as a whole."""
        for line in (
            b"v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKds1\r\n",
            b"VIA :\tSIP / 2.0 / UDP\r\n 192.0.2.1:5060\r\n\t;branch=z9hG4bKds1 \r\n",
            b'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKds1;received=192.0.2.1;x="a,b"\r\n',
        ):
            data = response(ours=line)
            self.assertEqual(without_via(Message(data)), data.replace(line, b""), line)

    def test_a_shared_line(self) -> None:
        """Of several values in one line only ours goes."""
        for comma in (b",", b", ", b" ,\r\n "):
            data = response().replace(b"\r\nVia: ", comma).replace(comma, b"\r\nVia: ", 1)
            self.assertEqual(without_via(Message(data)), response().replace(OURS, b""), comma)

    def test_below_other_headers(self) -> None:
        """Our Via is found where it stands, and what comes before stays."""
        data = response().replace(b"\r\n", b"\r\nServer: x\r\n", 1)
        self.assertEqual(without_via(Message(data)), data.replace(OURS, b""))


class RankTests(SynchronousTestCase):
    """RFC 3261 §16.7 step 6."""

    def best(self, *statuses: int) -> int:
        """The one that is chosen."""
        return min(statuses, key=rank)

    def test_a_6xx_wins(self) -> None:
        """A 6xx is the end of the search, whatever else there is."""
        self.assertEqual(self.best(302, 401, 486, 603, 500), 603)

    def test_the_lowest_class(self) -> None:
        """Without a 6xx the lowest class wins."""
        self.assertEqual(self.best(503, 486, 302), 302)
        self.assertEqual(self.best(503, 486), 486)
        self.assertEqual(self.best(503, 500), 503)

    def test_what_tells_how_to_try_again(self) -> None:
        """Of the 4xx those win that say what to change."""
        for status in (401, 407, 415, 420, 484):
            self.assertEqual(self.best(400, 404, status, 408, 486), status)
            self.assertEqual(self.best(500, status, 603), 603)

    def test_the_first_of_equals(self) -> None:
        """Among equals nothing is better than what came first."""
        self.assertEqual(rank(486), rank(404))
        self.assertEqual(rank(401), rank(484))
        self.assertEqual(rank(600), rank(606))

    def test_received_before_our_own(self) -> None:
        """Of a class, what somebody said is better than what stands for silence; a better class still wins."""
        self.assertLess(rank(486), rank(408, False))
        self.assertLess(rank(503), rank(500, False))
        self.assertLess(rank(408, False), rank(500))

    @given(st.lists(FINAL, min_size=1))
    def test_by_the_words_of_the_rfc(self, statuses: list[int]) -> None:
        """Whatever failed: a 6xx if there is one, else one of the lowest class."""
        best = self.best(*statuses)
        if max(statuses) >= 600:
            self.assertGreaterEqual(best, 600)
        else:
            self.assertEqual(best // 100, min(statuses) // 100)


class UpwardsTests(SynchronousTestCase):
    """RFC 3261 §16.7 step 6: what is said of one server is not said of us."""

    def test_as_it_came(self) -> None:
        """A failure goes up as it came, without our Via."""
        for status in (302, 401, 486, 500, 504, 603):
            data = response(status, headers=b"Retry-After: 7\r\n")
            self.assertEqual(upwards(Message(data)), (status, data.replace(OURS, b"")))

    def test_a_503(self) -> None:
        """A 503 goes up as 500, only its first line being another."""
        data = response(503, headers=b'Warning: 399 gw "full"\r\n')
        status, out = upwards(Message(data))
        first, _, rest = data.replace(OURS, b"").partition(b"\r\n")
        self.assertEqual(first, b"SIP/2.0 503 Whatever")
        self.assertEqual((status, out), (500, b"SIP/2.0 500 Server Internal Error\r\n" + rest))
