"""A reader that forgives nothing, for what reaches a destination; it shares nothing with `dispatch.sip`."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = rb"[A-Za-z0-9\-.!%*_+`'~]+"
_QUOTED: Final = rb'"(?:[^"\\\r\n]|\\.)*"'
_PARAMS: Final = rb"(?:\s*;\s*" + _TOKEN + rb"(?:\s*=\s*(?:" + _QUOTED + rb"|[^\s;,\"]*))?)*"
_HOST: Final = rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._]+)"
_START: Final = re.compile(_TOKEN + rb' [^\s<>"]+ SIP/2\.0', re.IGNORECASE)
_HEADER: Final = re.compile(rb"(" + _TOKEN + rb")[ \t]*:(.*)", re.DOTALL)
_VIA: Final = re.compile(
    rb"\s*"
    + _TOKEN
    + rb"\s*/\s*"
    + _TOKEN
    + rb"\s*/\s*"
    + _TOKEN
    + rb"\s+"
    + _HOST
    + rb"(?:\s*:\s*[0-9]+)?"
    + _PARAMS
    + rb"\s*",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    rb"\s*(?:(?:" + _QUOTED + rb"\s*|[A-Za-z0-9\-.!%*_+`'~\x80-\xff\s]*)<[^<>\"\s]+>|[^\s<>\";]+)" + _PARAMS + rb"\s*"
)
_CSEQ: Final = re.compile(rb"\s*([0-9]+)\s+(" + _TOKEN + rb")\s*")
_NUMBER: Final = re.compile(rb"\s*([0-9]+)\s*")
_LONE: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n|(?<!\\)\0")
_COMPACT: Final = {b"v": b"via", b"f": b"from", b"t": b"to", b"i": b"call-id", b"l": b"content-length"}


def fault(data: bytes) -> str:
    """What is wrong with a request; empty where a strict reader takes it."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return "no end of the headers"
    if found := _LONE.search(head):
        return f"{found[0]!r} alone in the head"
    start, *lines = re.split(rb"\r\n(?![ \t])", head)
    if _START.fullmatch(start) is None:
        return f"start line {start[:60]!r}"
    values: dict[bytes, list[bytes]] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            continue  # no header for anybody
        name = header[1].lower()
        values.setdefault(_COMPACT.get(name, name), []).append(header[2])
    return _fault_of(values, start.split(b" ")[0], len(body))


def _fault_of(values: dict[bytes, list[bytes]], method: bytes, size: int) -> str:
    for name in (b"from", b"to", b"call-id", b"cseq", b"max-forwards"):
        if len(values.get(name, ())) != 1:
            return f"{len(values.get(name, ()))} {name.decode()} headers"
    if not all(map(_VIA.fullmatch, _split(values.get(b"via", [b""])))):
        return "Via"
    if not all(_ADDRESS.fullmatch(values[name][0]) for name in (b"from", b"to")):
        return "From or To"
    cseq, hops = _CSEQ.fullmatch(values[b"cseq"][0]), _NUMBER.fullmatch(values[b"max-forwards"][0])
    if cseq is None or cseq[2] != method or int(cseq[1]) >= 2**31:
        return "CSeq"
    if hops is None or int(hops[1]) > 255:
        return "Max-Forwards"
    if not values[b"call-id"][0].strip():
        return "Call-ID"
    lengths = [_NUMBER.fullmatch(value) for value in values.get(b"content-length", ())]
    if any(one is None or int(one[1]) != size for one in lengths):
        return "Content-Length"
    return ""


def _split(values: list[bytes]) -> list[bytes]:
    """The values of a list, quoted commas left alone."""
    return [one for value in values for one in re.findall(rb'(?:"(?:[^"\\]|\\.)*"|[^,"])+|(?<=,)(?=,)', value) or [b""]]
