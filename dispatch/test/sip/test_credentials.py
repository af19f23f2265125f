"""Tests of dispatch.sip.credentials."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip import credentials


class UsernameTests(SynchronousTestCase):
    def test_found(self) -> None:
        """The user name is found wherever it stands; quotes are not escaped, and the last one counts."""
        for value, expected in (
            (b'Digest username="bob", realm="r"', b"bob"),
            (b'  dIGEST\r\n realm="r", UserName = "bob" junk', b"bob"),
            (b"Digest,username=bob", b"bob"),
            (b'Digest username="b\\"ob", realm="r"', b"b\\"),
            (b'Digest realm="username=\\"no\\"", username="bob"', b"bob"),
            (b'Digest username="a", username="b"', b"b"),
            (b'Digest username=""', b""),
            (b'Digest realm="r"', b""),
            (b'Digest qop, username="a", realm="r"', b""),
            (b'Digest qop, realm="r", username="a"', b"a"),
        ):
            self.assertEqual(credentials.username(value), expected, value)

    @given(
        st.lists(
            st.sampled_from(
                (
                    b"Digest ",
                    b"Digest",
                    b"username",
                    b"a",
                    b"=",
                    b'"',
                    b'"b"',
                    b"c",
                    b",",
                    b", ",
                    b" ",
                    b'username="u"',
                    b'r="s"',
                )
            )
        )
    )
    def test_usual(self, pieces: list[bytes]) -> None:
        """The user of usual credentials is the one that reading them parameter by parameter gives."""
        value = b'Digest username="bob"' + b"".join(pieces)
        self.assertEqual(credentials.username(value), credentials.parameter(value, b"username"), value)

    def test_none(self) -> None:
        """Another scheme and broken parameters are no credentials."""
        for value in (
            b"",
            b"Basic abc=",
            b"Digest",
            b"Digest ",
            b'Digestusername="bob"',
            b'Digest username="bob',
            b'Digest username="bob",',
            b"Digest username=, realm=r",
            b'Digest username="bob", realm',
        ):
            self.assertIsNone(credentials.username(value), value)

    def test_many_blanks(self) -> None:
        """A header of blanks is read in one go."""
        self.assertIsNone(credentials.username(b"Digest " + b" " * 60_000))

    @given(
        st.binary(max_size=60)
        | st.text('usernameDigest=,"\\ @:', max_size=40).map(lambda text: b"Digest " + text.encode())
    )
    def test_any_bytes(self, value: bytes) -> None:
        """Any bytes have a user name or none."""
        found = credentials.username(value)
        self.assertTrue(found is None or found in value)


class UserPartTests(SynchronousTestCase):
    def test_cut(self) -> None:
        """Scheme and domain are cut off, but not from a name of two bytes."""
        for name, expected in (
            (b"sip:bob@d", b"bob"),
            (b"b@d", b"b"),
            (b"a@", b"a@"),
            (b"bob", b"bob"),
            (b"@dom", b""),
            (b"a:b:c@d:e", b"b:c"),
        ):
            self.assertEqual(credentials.user_part(name), expected)


class OtherTests(SynchronousTestCase):
    def test_parameter(self) -> None:
        """Any other parameter is found as the user name is."""
        value = b'Digest username="bob", Realm = "r", nonce=n'
        for name, expected in ((b"realm", b"r"), (b"nonce", b"n"), (b"uri", b"")):
            self.assertEqual(credentials.parameter(value, name), expected)
        self.assertIsNone(credentials.parameter(b"Basic realm=x", b"realm"))

    def test_domain(self) -> None:
        """The domain is what follows the first @, unless the name is too short to be looked into."""
        for name, domain in ((b"bob@a@b", b"a@b"), (b"bob", b""), (b"@d", b""), (b"b@d", b"d")):
            self.assertEqual(credentials.domain_part(name), domain)
