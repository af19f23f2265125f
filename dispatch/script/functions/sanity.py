"""Module `sanity`: is the message fit to be routed? What is not is refused, which ends the script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.errors import ParseError
from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind
from dispatch.sip import uri as sip_uri
from dispatch.sip.message import Message

_SCHEMES: Final = (b"sip", b"sips", b"tel", b"tels", b"urn")
_DEFAULT: Final = 999
_URI_DEFAULT: Final = 7
_URIS: Final = 1024
_NEEDED: Final = (b"via", b"from", b"to", b"call-id", b"cseq")

Refusal = tuple[int, bytes]


def sanity_check(act: Act, checks: int = 0, uris: int = 0) -> int:
    """Bits of both as in the original; 0 stands for the defaults of the module."""
    checks = checks or act.parameter("sanity", "default_checks", _DEFAULT)
    uris = uris or act.parameter("sanity", "uri_checks", _URI_DEFAULT)
    refusal = _refusal(act.message, checks, uris)
    if refusal is None:
        return OK
    if act.message.is_request and not act.parameter("sanity", "noreply", 0):
        act.reply(*refusal)
    return 0 if act.parameter("sanity", "autodrop", 1) else FAILED


def _refusal(message: Message, checks: int, uris: int) -> Refusal | None:
    for bit, check in _CHECKS:
        if checks & bit:
            try:
                refusal = check(message)
            except ParseError as error:
                refusal = (error.status, b"Bad message")
            if refusal is not None:
                return refusal
    return _bad_uri(message, uris) if checks & _URIS else None


def _scheme(message: Message) -> Refusal | None:
    scheme = message.uri.partition(b":")[0].lower()
    return (416, b"Unsupported URI Scheme in Request URI") if message.is_request and scheme not in _SCHEMES else None


def _needed(message: Message) -> Refusal | None:
    for name in _NEEDED:
        if not message.reader.spans(name):
            return 400, b"Missing Required Header in Request"
    return None


def _via(message: Message) -> Refusal | None:
    return None if message.vias else (400, b"Invalid Via")


def _cseq_method(message: Message) -> Refusal | None:
    if message.is_request and message.cseq[1] != message.method:
        return 400, b"CSeq method does not match request method"
    return None


def _cseq_number(message: Message) -> Refusal | None:
    return None if 0 <= message.cseq[0] < 1 << 32 else (400, b"Invalid CSeq number")


def _length(message: Message) -> Refusal | None:
    length = message.content_length
    return (400, b"Content-Length mis-match") if length is not None and length != len(message.body) else None


def _expires(message: Message) -> Refusal | None:
    value = message.header(b"expires")
    return None if value is None or value.strip().isdigit() else (400, b"Invalid Expires value")


def _proxy_require(message: Message) -> Refusal | None:
    wanted = [one for one in message.proxy_require if one.lower() not in (b"path", b"gruu")]
    return (420, b"Bad Extension") if wanted else None


def _duplicate_tags(message: Message) -> Refusal | None:
    tag = message.to_tag
    return (400, b"Duplicate tags") if tag and tag == message.from_tag and message.call_id == tag else None


_CHECKS: Final[tuple[tuple[int, Callable[[Message], Refusal | None]], ...]] = (
    (2, _scheme),
    (4, _needed),
    (8, _via),
    (32, _cseq_method),
    (64, _cseq_number),
    (128, _length),
    (256, _expires),
    (512, _proxy_require),
    (4096, _duplicate_tags),
)


def _bad_uri(message: Message, uris: int) -> Refusal | None:
    found = []
    if uris & 1 and message.is_request:
        found.append((message.uri, b"Bad Request URI"))
    if uris & 2:
        found.append((message.reader.from_uri, b"Bad From header"))
    if uris & 4:
        found.append((message.reader.to_uri, b"Bad To header"))
    for uri, reason in found:
        if sip_uri.parse(uri) is None:
            return 400, reason
    return None


_RO: Final = Block.REQUEST | Block.REPLY | Block.ANY_REPLY
FUNCTIONS: Final = (
    Function(
        "sanity",
        "sanity_check",
        sanity_check,
        (Kind.INTEGER, Kind.INTEGER),
        2,
        _RO,
        "refuses by itself what is malformed, and ends the script",
    ),
    Function("sanity", "sanity_check_defaults", sanity_check, (), 0, _RO, "the same, as the module is set"),
)
