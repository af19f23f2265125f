"""Bytes of lists and messages as text, without loss, and as a terminal may show them."""

from __future__ import annotations


def to_text(raw: bytes) -> str:
    """UTF-8 where it is that; any other byte becomes a surrogate that `to_bytes` turns back."""
    return raw.decode("utf-8", "surrogateescape")


def to_bytes(text: str) -> bytes:
    """The bytes that `to_text` came from.

    Raises:
        UnicodeEncodeError: no bytes give this text.
    """
    return text.encode("utf-8", "surrogateescape")


def printable(text: str) -> str:
    r"""With everything that a terminal might act on, or not show, as ``\x1b``."""
    return text if text.isprintable() else "".join(one if one.isprintable() else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
