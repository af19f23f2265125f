"""Tests of dispatch.balance.address."""

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import address


class UriTests(SynchronousTestCase):
    def test_parts(self) -> None:
        """User and host as written, the port unless it is the usual one; the user only where that is wanted."""
        for text, parts in (
            (b"sip:alice@a.com", (b"alice", b"a.com")),
            (b"sip:Alice:pw@A.com:5060;x=y", (b"Alice", b"A.com")),
            (b"sip:a.com:5080", (b"", b"a.com:5080")),
            (b"sips:a@[::1]:5061", (b"a", b"[::1]")),
            (b"tel:+1234;phone-context=a.com", (b"+1234", b"")),
        ):
            self.assertEqual(address.of_uri(text, user_only=False), parts)
            self.assertEqual(address.of_uri(text, user_only=True), parts[:1])

    def test_no_uri(self) -> None:
        """What is no URI has none."""
        self.assertIsNone(address.of_uri(b"http://a.com", user_only=False))


WORDS = b"sip: sips: SIP: a bob @ h.com : 5060 5061 05060 80 < > ; ;tag=1 ;user=phone ;x ? [ ] - * <sip:a@h".split()
PIECES = st.lists(st.sampled_from([*WORDS, b" ", b'"', b"\\", b"\xe9"]), max_size=12).map(b"".join)
PORTS = st.sampled_from((b"", b":5060", b":5061", b":7"))


class AgreementTests(SynchronousTestCase):
    @given(PIECES, st.booleans())
    @example(b"<sip:a@h:5060>;tag=1", False)
    @example(b'"A" <sips:a@h:5061>', False)
    @example(b"sips:a@h:5061", False)
    def test_patterns(self, text: bytes, user_only: bool) -> None:
        """The patterns for the usual forms find what the full readers find."""
        for usual, full in ((address.of_uri, address.read_uri), (address.of_header, address.read_header)):
            self.assertEqual(usual(text, user_only=user_only), full(text, user_only=user_only))

    @given(st.sampled_from((b"sip", b"sips")), st.text("ab1.-_!+", min_size=1), PORTS)
    def test_usual(self, scheme: bytes, user: str, port: bytes) -> None:
        """So they do where most addresses are."""
        uri = scheme + b":" + user.encode() + b"@gw.example.com" + port
        for value in (uri, b"<" + uri + b">", b'"Bob" <' + uri + b">;tag=a.b", b"Bob <" + uri + b">"):
            self.assert_agree(value)

    def assert_agree(self, value: bytes) -> None:
        """One value, read both ways."""
        self.assertEqual(address.of_uri(value, user_only=False), address.read_uri(value, user_only=False))
        self.assertEqual(address.of_header(value, user_only=False), address.read_header(value, user_only=False))


class HeaderTests(SynchronousTestCase):
    def test_parts(self) -> None:
        """The address of a From or To counts, not its name or its parameters."""
        for value in (b'"<sip:no@no>" <sip:a@h>;tag=1', b"sip:a@h;user=phone", b"A B < sip:a@h >;tag=1"):
            self.assertEqual(address.of_header(value, user_only=False), (b"a", b"h"))

    def test_none(self) -> None:
        """Without the header, or with one that can't be read, there is none."""
        for value in (None, b"", b"*", b"<sip:a@h>x"):
            self.assertIsNone(address.of_header(value, user_only=False))
