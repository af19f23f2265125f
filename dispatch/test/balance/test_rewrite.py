"""Tests of dispatch.balance.rewrite."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.rewrite import rewrite


class RewriteTests(SynchronousTestCase):
    def test_as_recorded(self) -> None:
        """Scheme and user stay, everything else is the destination's."""
        for ruri, destination, expected in (
            (b"sip:alice@a.com:5080;transport=tcp?x=y", b"sip:127.0.0.1:5070", b"sip:alice@127.0.0.1:5070"),
            (b"sip:alice:pw@a.com", b"sip:gw;transport=tcp", b"sip:alice:pw@gw;transport=tcp"),
            (b"sip:alice:@a.com", b"sip:gw", b"sip:alice:@gw"),
            (b"sips:alice@a.com", b"sip:10.0.0.2:5060", b"sips:alice@10.0.0.2:5060"),
            (b"SIP:alice@a.com", b"SIPS:127.0.0.1:5070", b"sip:alice@127.0.0.1:5070"),
            (b"sip:a.com:5080", b"sip:10.0.0.2:5060", b"sip:10.0.0.2:5060"),
            (b"sip:a.com", b"sips:gw@[2001:db8::7]:5099", b"sip:gw@[2001:db8::7]:5099"),
            (b"sip:alice@a.com", b"sips:gw@[2001:db8::7]:5099", b"sip:alice@gw@[2001:db8::7]:5099"),
            (b"sip:alice@a.com;user=phone", b"sip:10.0.0.2", b"sip:alice@10.0.0.2"),
            (b"sips:+1;ext=5@a.com;user=phone", b"sip:10.0.0.2", b"sip:+1;ext=5@10.0.0.2"),
            (b"sip:+1;phone-context=x@a.com", b"sip:127.0.0.1", b"sip:+1;phone-context=x@127.0.0.1"),
            (b"tel:+1;phone-context=a.com", b"sip:127.0.0.1:5070", b"tel:+1;phone-context=a.com@127.0.0.1:5070"),
            (b"tel:+1;phone-context=a.com@127.0.0.1:5070", b"sip:10.0.0.2:5060", b"tel:127.0.0.1@10.0.0.2:5060"),
            (b"urn:service:sos", b"sip:10.0.0.2:5060", b"sip:service@10.0.0.2:5060"),
            (b"sip:alice@a.com", b"tel:+1", b"sip:alice@tel:+1"),
        ):
            self.assertEqual(rewrite(ruri, destination), expected)

    def test_unreadable(self) -> None:
        """A Request-URI that can't be read is not rewritten."""
        for ruri in (b"http://a.com", b"tels:+1", b"sip:@a.com", b"*", b""):
            self.assertIsNone(rewrite(ruri, b"sip:10.0.0.2"))

    def test_too_long(self) -> None:
        """More than 1024 bytes are not made."""
        user = b"u" * (1024 - len(b"sip:@gw"))
        self.assertEqual(rewrite(b"sip:" + user + b"@a", b"sip:gw"), b"sip:" + user + b"@gw")
        self.assertIsNone(rewrite(b"sip:u" + user + b"@a", b"sip:gw"))
