"""Tests of dispatch.balance.hashing."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.hashing import hash_of


def plain_hash(*parts: bytes) -> int:
    """The rules as they are written down, step by step."""
    total = 0
    for part in parts:
        for start in range(0, len(part), 4):
            value = 0
            for byte in part[start : start + 4]:
                signed = byte if byte < 128 else byte - 256
                value = (value * 256 + signed) % 2**32
            total = (total + (value ^ value >> 3)) % 2**32
    total = (total + (total >> 11) + (total >> 13) + (total >> 23)) % 2**32
    return total or 1


class HashTests(SynchronousTestCase):
    def test_known_values(self) -> None:
        """These inputs gave these numbers in the original."""
        known = {
            (b"",): 1,
            (b"a",): 109,
            (b"abc",): 7167810,
            (b"abcde",): 1834960001,
            (b"alice",): 1834153949,
            (b"alice", b"a.com"): 3664753132,
            (b"alicea.com",): 3610308240,
            (b"abc\x80",): 1834959840,
            (b"a\xe9\xe8\xe7",): 1829175906,
            (b"\xff\xfe\xfd\xfc",): 3779424895,
        }
        self.assertEqual({parts: hash_of(*parts) for parts in known}, known)

    def test_never_zero(self) -> None:
        """Text that sums up to nothing hashes to 1."""
        self.assertEqual(hash_of(b"\0\0\0\0\0", b"\0"), 1)

    @given(st.binary(max_size=300), st.binary(max_size=100))
    @example(b"a" * 255, b"")
    @example(b"a" * 256, b"")
    @example(b"\x7f" * 1024, b"\x7f")
    @example(b"\xff" * 259, b"")
    def test_any_bytes(self, first: bytes, second: bytes) -> None:
        """Fast and plain arithmetic agree for any bytes."""
        self.assertEqual(hash_of(first, second), plain_hash(first, second))

    @given(st.text(st.characters(max_codepoint=127), max_size=300))
    def test_any_ascii(self, text: str) -> None:
        """Fast and plain arithmetic agree for any ASCII text."""
        self.assertEqual(hash_of(text.encode()), plain_hash(text.encode()))
