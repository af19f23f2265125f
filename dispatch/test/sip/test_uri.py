"""Tests of `dispatch.sip.uri`."""

from __future__ import annotations

from typing import Final

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import uri
from dispatch.sip.uri import Uri

_PIECES: Final = st.sampled_from(
    (
        *(b"sip:", b"sips:", b"SIP:", b"tel:", b"urn:", b"http:", b"alice", b"a.com", b"192.0.2.1", b"[2001:db8::1]"),
        *(b"@", b":", b";", b"?", b"[", b"]", b"&", b"=", b"5060", b"99999", b"000080", b";user=phone", b";lr"),
        *(b";transport=tcp", b"%40", b"_", b"\xe9", b" ", b"/", b"+1"),
    )
)
_TEXTS: Final = st.lists(_PIECES, max_size=9).map(b"".join)


def _equal(one: bytes, other: bytes) -> bool:
    a, b = uri.parse(one), uri.parse(other)
    assert a is not None and b is not None
    assert uri.equal(a, b) == uri.equal(b, a)
    return uri.equal(a, b)


class ParseTests(SynchronousTestCase):
    def _parts(self, text: bytes) -> Uri:
        found = uri.parse(text)
        assert found is not None, text
        return found

    def _is_none(self, *texts: bytes) -> None:
        for text in texts:
            self.assertIsNone(uri.parse(text), text)

    def test_parts(self) -> None:
        """Every part is given as it is written, the scheme in lower case."""
        self.assertEqual(
            self._parts(b"SIPS:Al%69ce:p%77@A.com:05061;LR;x=Y?a=B&c"),
            Uri(b"sips", b"Al%69ce", b"p%77", b"A.com", b"05061", b"LR;x=Y", b"a=B&c"),
        )
        self.assertEqual(self._parts(b"sip:a.com"), Uri(b"sip", None, None, b"a.com", None, b"", b""))
        self.assertEqual(
            self._parts(b"sip:[2001:db8::1]:5070;lr"), Uri(b"sip", None, None, b"[2001:db8::1]", b"5070", b"lr", b"")
        )
        self.assertEqual(self._parts(b"sip:b@[::1]"), Uri(b"sip", b"b", None, b"[::1]", None, b"", b""))

    def test_scheme(self) -> None:
        """Four schemes are known in any case; something must follow, five bytes at least in all."""
        for scheme in (b"sip", b"Sips", b"TEL", b"urn"):
            self.assertEqual(self._parts(scheme + b":12345").scheme, scheme.lower())
        self._is_none(b"tels:1", b"http://a.com", b"a.com", b"*", b"", b"sip:", b"sips:", b"sip", b":a.com")
        self.assertEqual(self._parts(b"sip:x").host, b"x")

    def test_without_user_the_host_may_be_anything(self) -> None:
        """The characters of a host are only looked at behind an ``@``."""
        for host in (b"h_1.com", b"h\xe9.com", b"-h", b"h/x"):
            self.assertEqual(self._parts(b"sip:" + host).host, host)
            self.assertEqual(self._parts(b"sip:" + host + b":5070;lr").host, host)
            self._is_none(b"sip:a@" + host)
        self._is_none(
            b"sip:a@", b"sip:@a.com", b"sip::a", b"sip:]a", b"sip:a]", b"sip:a[b", b"sip:a@b.com x", b"sip:a@b@c"
        )

    def test_port(self) -> None:
        """A port has up to five digits, none is allowed too, and it is not over 65535."""
        self.assertEqual(self._parts(b"sip:a.com:").port, b"")
        self.assertEqual(self._parts(b"sip:a.com:").port_number, 0)
        self.assertIsNone(self._parts(b"sip:a.com").port)
        self.assertEqual(self._parts(b"sip:a@h:00080").port_number, 80)
        self._is_none(b"sip:h:000080", b"sip:h:65536", b"sip:h:99999", b"sip:h:abc", b"sip:a@h:5a", b"sip:a@h:65536")
        self._is_none(
            b"sip:h:80:80", b"sip:h:80]", b"sip:a@h:80:1", b"sip:h:80;x@y", b"sip:h:80?x@y", b"sip:h:" + b"9" * 5000
        )

    def test_password(self) -> None:
        """What follows a colon up to the ``@`` is a password, but a number in front of it must not be over 65535."""
        self.assertEqual(self._parts(b"sip:u:12@h").password, b"12")
        self.assertEqual(self._parts(b"sip:u:12ab@h").password, b"12ab")
        self.assertEqual(self._parts(b"sip:u:@h").password, b"")
        self.assertEqual(self._parts(b"sip:u:000000001@h").password, b"000000001")
        self.assertIsNone(self._parts(b"sip:u@h").password)
        self._is_none(b"sip:u:99999@h", b"sip:u:99999x@h", b"sip:u:a;b@h", b"sip:u:a?b@h", b"sip:u:a:b@h", b"sip:u:a")

    def test_semicolons_and_question_marks_in_the_user(self) -> None:
        """An ``@`` behind parameters or headers makes a user of all before it, if at most one colon is among it."""
        self.assertEqual(self._parts(b"sip:+1;ext=5@h").user, b"+1;ext=5")
        self.assertEqual(self._parts(b"sip:a?b@h;x").user, b"a?b")
        self.assertEqual(self._parts(b"sip:a?b;c@h").user, b"a?b;c")
        self.assertEqual(self._parts(b"sip:a;b:c@h").password, b"c")
        self.assertEqual(self._parts(b"sip:a;b:c@h").user, b"a;b")
        self._is_none(
            b"sip:a;b:c:d@h", b"sip:a;b:c;d@h", b"sip:a;b:c?d@h", b"sip:a;b@c@d", b"sip:a@b;c@d", b"sip:a@b?c@d"
        )
        self.assertEqual(self._parts(b"sip:a;b:c:d").params, b"b:c:d")
        for text, user in ((b"sip:[::1];x:pw@h", b"[::1];x"), (b"sip:[::1]:5;x@h", b"[::1]:5;x")):
            self.assertEqual((self._parts(text).user, self._parts(text).host), (user, b"h"))
        self._is_none(b"sip:[::1]:5@h", b"sip:[::1];x@h;a@b", b"sip:a@[::1];x@h", b"sip:[::1];x@")
        self._is_none(b"sip:a?b;c", b"sip:a@h?b;c", b"sip:[a;b];x@h")

    def test_ipv6(self) -> None:
        """Brackets hold anything but marks of other parts; the form with three colons of RFC 5118 §4.10 passes."""
        self.assertEqual(self._parts(b"sip:u@[2001:db8:::192.0.2.1]").host, b"[2001:db8:::192.0.2.1]")
        self._is_none(
            b"sip:[::1", b"sip:[::1]x", b"sip:u@[::1]x", b"sip:[:[:1]", b"sip:[a@b]", b"sip:[a;b]", b"sip:[a?b]"
        )
        self._is_none(b"sip:u@[a&b]", b"sip:[::1]:65536", b"sip:[::1]:x", b"sip:2001:db8::10")

    def test_tel_and_urn(self) -> None:
        """The number is the user of a tel URI; a URN has two parts."""
        self.assertEqual(
            self._parts(b"tel:+1234;phone-context=a.com"),
            Uri(b"tel", b"+1234", None, b"", None, b"phone-context=a.com", b""),
        )
        self.assertEqual(self._parts(b"tel:+1;phone-context=a.com@192.0.2.1:5070").user, b"192.0.2.1")
        self.assertEqual(self._parts(b"urn:service:sos"), Uri(b"urn", b"service", None, b"sos", None, b"", b""))

    def test_telephone_users(self) -> None:
        """With ``user=phone``, in just that case, what follows a semicolon is no part of the user name."""
        self.assertEqual(self._parts(b"sip:+1;ext=5@h;user=phone").user_name, b"+1")
        self.assertEqual(self._parts(b"sip:+1;ext=5@h;user=phone").user, b"+1;ext=5")
        self.assertEqual(self._parts(b"sip:+1;ext=5@h;USER=phone").user_name, b"+1")
        for params in (b"", b";user=Phone", b";user=ip", b";user=phone;user=ip"):
            self.assertEqual(self._parts(b"sip:+1;ext=5@h" + params).user_name, b"+1;ext=5")
        self.assertEqual(self._parts(b"sip:;x@h").user, b";x")
        self._is_none(b"sip:;x@h;user=phone")

    def test_params(self) -> None:
        """A parameter is found by its name in any case; the last one counts; without value it is empty."""
        found = self._parts(b"sip:a@h;Transport=TCP;lr;x=1;X=2;y=a=b")
        self.assertEqual(found.transport, b"tcp")
        self.assertEqual([uri.param(found, name) for name in (b"lr", b"x", b"y", b"z")], [b"", b"2", b"a=b", None])
        self.assertEqual(self._parts(b"sip:a@h").transport, b"")

    def test_host_port(self) -> None:
        """The port is left out where it says nothing new, however it is spelled."""
        for text, expected in (
            (b"sip:u@a.com:5060", b"a.com"),
            (b"sip:u@a.com:05060", b"a.com"),
            (b"sip:u@a.com:5061", b"a.com:5061"),
            (b"sips:u@a.com:5061", b"a.com"),
            (b"sips:u@a.com:5060", b"a.com:5060"),
            (b"sips:u@a.com:5061;user=phone", b"a.com:5061"),
            (b"sip:A.com.:", b"A.com.:"),
            (b"sip:[::1]:0", b"[::1]:0"),
        ):
            self.assertEqual(uri.host_port(self._parts(text)), expected, text)

    @given(_TEXTS)
    @example(b"sip:a:b@c")
    @example(b"sip:;a@c;user=phone")
    def test_quick_and_full_parser_agree(self, text: bytes) -> None:
        """The pattern for the usual form gives what the parser gives."""
        self.assertEqual(uri.parse(text), uri.read(text))
        self.assertEqual(uri.parse(b"sip:" + text), uri.read(b"sip:" + text))

    def test_usual_uris_are_read_by_the_pattern(self) -> None:
        """The pattern takes what is usual, so that the quick way is the one that runs."""
        for text in (
            b"sip:bob@example.com",
            b"sip:192.0.2.1:5060;lr;ds=ab",
            b"sips:[::1];transport=tls",
            b"sip:+1;ext@h:80",
        ):
            self.assertEqual(uri._USUAL.fullmatch(text) is None, b";ext" in text, text)

    @given(st.binary())
    def test_any_bytes(self, text: bytes) -> None:
        """No bytes raise, and one that is a URI equals itself."""
        for found in (uri.parse(text), uri.parse(b"sip:" + text), uri.parse(b"tel:" + text), uri.parse(b"urn:" + text)):
            if found is not None:
                self.assertTrue(uri.equal(found, found))
                self.assertIn(found.host, text)


class EqualTests(SynchronousTestCase):
    """The examples of RFC 3261 §19.1.4, and what its rules say besides."""

    def test_equal_ones(self) -> None:
        """What the RFC lists as equivalent is equal."""
        for one, other in (
            (b"sip:%61lice@atlanta.com;transport=TCP", b"sip:alice@AtlanTa.CoM;Transport=tcp"),
            (b"sip:carol@chicago.com", b"sip:carol@chicago.com;newparam=5"),
            (b"sip:carol@chicago.com", b"sip:carol@chicago.com;security=on"),
            (b"sip:carol@chicago.com;newparam=5", b"sip:carol@chicago.com;security=on"),
            (
                b"sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                b"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
            ),
            (
                b"sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                b"sip:alice@atlanta.com?priority=urgent&subject=project%20x",
            ),
        ):
            self.assertTrue(_equal(one, other), (one, other))

    def test_different_ones(self) -> None:
        """What the RFC lists as not equivalent is not equal."""
        for one, other in (
            (b"SIP:ALICE@AtLanTa.CoM;Transport=udp", b"sip:alice@AtLanTa.CoM;Transport=UDP"),
            (b"sip:bob@biloxi.com", b"sip:bob@biloxi.com:5060"),
            (b"sip:bob@biloxi.com", b"sip:bob@biloxi.com;transport=udp"),
            (b"sip:bob@biloxi.com", b"sip:bob@biloxi.com:6000;transport=tcp"),
            (b"sip:carol@chicago.com", b"sip:carol@chicago.com?Subject=next%20meeting"),
            (b"sip:bob@phone21.boxesbybob.com", b"sip:bob@192.0.2.4"),
            (b"sip:carol@chicago.com;security=on", b"sip:carol@chicago.com;security=off"),
        ):
            self.assertFalse(_equal(one, other), (one, other))

    def test_scheme_user_and_password(self) -> None:
        """The schemes sip and sips differ; user and password count, in their case."""
        self.assertFalse(_equal(b"sip:a@h", b"sips:a@h"))
        self.assertFalse(_equal(b"sip:a@h", b"sip:h"))
        self.assertFalse(_equal(b"sip:a:pw@h", b"sip:a@h"))
        self.assertFalse(_equal(b"sip:a:pw@h", b"sip:a:PW@h"))

    def test_parameters_that_are_never_ignored(self) -> None:
        """user, ttl, method and maddr in one URI only make it another, even with the value that they have without."""
        for param in (b"user=ip", b"ttl=1", b"method=INVITE", b"maddr=239.255.255.1"):
            self.assertFalse(_equal(b"sip:a@h", b"sip:a@h;" + param), param)

    def test_escapes(self) -> None:
        """A reserved character is not its escape; the case of an escape does not matter."""
        self.assertFalse(_equal(b"sip:a%40b@h", b"sip:a@h"))
        self.assertFalse(_equal(b"sip:a%3Bb@h", b"sip:a;b@h"))
        self.assertTrue(_equal(b"sip:a%3Bb@h", b"sip:a%3bb@h"))
        self.assertTrue(_equal(b"sip:a%zz@h", b"sip:a%zz@h"))

    def test_ports_and_addresses(self) -> None:
        """Ports compare as numbers, IPv6 addresses by value."""
        self.assertTrue(_equal(b"sip:h:05060", b"sip:h:5060"))
        self.assertTrue(_equal(b"sip:[2001:DB8::0:1]", b"sip:[2001:db8:0::1]"))
        self.assertFalse(_equal(b"sip:[2001:db8::2]", b"sip:[2001:db8::1]"))
        self.assertTrue(_equal(b"sip:[2001:db8:::1]", b"sip:[2001:DB8:::1]"))

    def test_telephone_numbers(self) -> None:
        """Visual separators and the order of parameters don't matter, parameters do (RFC 3966 §4)."""
        self.assertTrue(_equal(b"tel:+1-201-555-0123", b"tel:+1(201)555.0123"))
        self.assertFalse(_equal(b"tel:+12015550123", b"tel:12015550123"))
        self.assertTrue(_equal(b"tel:7042;a=1;phone-context=EX.com", b"tel:7042;phone-context=ex.com;a=1"))
        self.assertFalse(_equal(b"tel:7042;phone-context=ex.com", b"tel:7042"))

    def test_urns(self) -> None:
        """The namespace of a URN has no case (RFC 8141 §3.1)."""
        self.assertTrue(_equal(b"urn:SERVICE:sos", b"URN:service:sos"))
        self.assertFalse(_equal(b"urn:service:sos", b"urn:service:sos.fire"))
