"""Tests of dispatch.script.formats."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script import formats
from dispatch.test.script.scene import StillScene


class FormatTests(SynchronousTestCase):
    def test_texts(self) -> None:
        """Text stays, variables are put in, null as <null>; two dollars are one."""
        for text, expected in (
            ("", b""),
            ("  const  ", b"  const  "),
            ("hash the $fU@$ci", b"hash the alice@call-1"),
            ("$fU$tU", b"alicebob"),
            ("$$fU costs 1$$", b"$fU costs 1$"),
            ("<$tt>", b"<<null>>"),
            ("ä$(hdr(Via)[0])", "äSIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa1".encode()),
        ):
            self.assertEqual(formats.compile(text)(StillScene()), expected, text)

    def test_wrong(self) -> None:
        """A text with something that is no variable is refused."""
        for text in ("a $", "$fX-", "$(fU{s.len})", "$hdr x"):
            with self.assertRaises(ValueError, msg=text):
                formats.compile(text)
