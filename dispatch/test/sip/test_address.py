"""Tests of dispatch.sip.address: From and To as the original reads them."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.address import Address, read

PIECES = [b"<", b">", b'"', b"\\", b";", b",", b"=", b" ", b"\r\n ", b"tag", b"sip:a@b", b"x"]


class ReadTests(SynchronousTestCase):
    def test_addresses(self) -> None:
        """Display name, URI and tag come out as written, with brackets or without, blanks and folding wherever."""
        for value, *expected in (
            (b"<sip:a@b>;tag=1", b"", b"sip:a@b", b"1"),
            (b"sip:a@b;user=phone;tag=1", b"", b"sip:a@b", b"1"),
            (b"sip:a@b ;tag=1", b"", b"sip:a@b", b"1"),
            (b'"A \\" <x>;" <sip:a@b>', b'"A \\" <x>;"', b"sip:a@b", None),
            (b"Bob B Smith <sip:a@b>", b"Bob B Smith", b"sip:a@b", None),
            (b"Bob<sip:a@b;x>", b"Bob", b"sip:a@b;x", None),
            (b'""<sip:a@b>', b'""', b"sip:a@b", None),
            (b"< sip:a@b > ; tag = 5 ", b"", b"sip:a@b", b"5"),
            (b"\r\n <sip:a@b>\r\n ;tag=fold", b"", b"sip:a@b", b"fold"),
            (b"<sip:a@b>;tag=", b"", b"sip:a@b", None),
            (b'<sip:a@b>;lr;x="a;b,c";TAG=1;tag=2', b"", b"sip:a@b", b"2"),
            (b"<sip:a@b>;tag=a,b", b"", b"sip:a@b", b"a,b"),
            (b'<sip:a@b>;tag="q"', b"", b"sip:a@b", b"q"),
            (b"*", b"", b"*", None),
        ):
            self.assertEqual(read(value), Address(*expected), value)

    def test_none(self) -> None:
        """What the original can't read is none."""
        for value in (
            *(b"", b" ", b'"A" sip:a@b', b'"A', b"<sip:a@b", b"<>", b"< >", b"<sip:a b>", b'<sip:"a"@b>', b"<a<b>"),
            *(b'A"B <sip:a@b>', b"A\\B <sip:a@b>", b"sip:a b;tag=1", b"<sip:a@b>x", b"<sip:a@b>;", b"<sip:a@b>;;x"),
            *(b"<sip:a@b>;=x", b"<sip:a@b>;a b", b"<sip:a@b>;x=a=b", b'<sip:a@b>;x=a"b"', b'<sip:a@b>;x="a"b'),
            *(b"<sip:a@b>;x=\\", b'<sip:a@b>;x="\\"', b"<sip:a@b>;x=a,b", b"<sip:a@b>,<sip:c@d>"),
        ):
            self.assertIsNone(read(value), value)

    @given(st.lists(st.sampled_from(PIECES), max_size=200))
    def test_anything(self, pieces: list[bytes]) -> None:
        """Any bytes give an address whose parts stand in them, or none, and at once."""
        value = b"".join(pieces)
        found = read(value)
        if found is not None:
            self.assertIn(found.uri, value)
            self.assertIn(found.display, value)

    def test_long(self) -> None:
        """Blanks and semicolons without end cost no more than reading them."""
        self.assertIsNone(read(b"<sip:a@b>" + b" ; a  " * 20_000 + b","))
