"""Tests of dispatch.balance.address."""

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


class HeaderTests(SynchronousTestCase):
    def test_parts(self) -> None:
        """The address of a From or To counts, not its name or its parameters."""
        for value in (b'"<sip:no@no>" <sip:a@h>;tag=1', b"sip:a@h;user=phone", b"A B < sip:a@h >;tag=1"):
            self.assertEqual(address.of_header(value, user_only=False), (b"a", b"h"))

    def test_none(self) -> None:
        """Without the header, or with one that can't be read, there is none."""
        for value in (None, b"", b"*", b"<sip:a@h>x"):
            self.assertIsNone(address.of_header(value, user_only=False))
