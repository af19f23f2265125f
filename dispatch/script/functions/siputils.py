"""Module `siputils`: questions about messages and URIs."""

from __future__ import annotations

from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code
from dispatch.sip import uri as sip_uri


def has_totag(act: Act) -> int:
    return code(bool(act.message.to_tag))


def is_request(act: Act) -> int:
    return code(act.message.is_request)


def is_reply(act: Act) -> int:
    return code(not act.message.is_request)


def is_first_hop(act: Act) -> int:
    message = act.message
    return code(len(message.vias) == 1 and not message.record_routes)


def uri_param(act: Act, name: bytes, value: bytes | None = None) -> int:
    uri = sip_uri.parse(act.uri)
    found = sip_uri.param(uri, name.lower()) if uri is not None else None
    return code(found is not None and (value is None or found.lower() == value.lower()))


def add_uri_param(act: Act, parameter: bytes) -> int:
    head, mark, headers = act.uri.partition(b"?")
    act.uri = head + b";" + parameter + mark + headers
    return OK


def is_uri(act: Act, uri: bytes) -> int:
    return code(sip_uri.parse(uri) is not None)


def cmp_uri(act: Act, left: bytes, right: bytes) -> int:
    one, other = sip_uri.parse(left), sip_uri.parse(right)
    return code(one is not None and other is not None and sip_uri.equal(one, other))


def is_numeric(act: Act, value: bytes) -> int:
    return code(value.isdigit())


def is_user(act: Act, user: bytes) -> int:
    """Of credentials; nobody is authenticated here."""
    return FAILED


def options_reply(act: Act) -> int:
    uri = sip_uri.parse(act.uri)
    if act.method != b"OPTIONS" or uri is None or uri.user or not act.is_myself(act.uri):
        return FAILED
    act.append_to_reply(b"Accept: */*\r\nAccept-Encoding:\r\nAccept-Language: en\r\nSupported:\r\n")
    return code(act.reply(200, b"OK"))


_F: Final = Kind.FORMAT
_RF: Final = Block.REQUEST | Block.FAILURE
FUNCTIONS: Final = (
    Function("siputils", "has_totag", has_totag, help="inside a dialog"),
    Function("siputils", "is_request", is_request, help="no reply"),
    Function("siputils", "is_reply", is_reply, help="no request"),
    Function("siputils", "is_first_hop", is_first_hop, help="one Via, no Record-Route"),
    Function("siputils", "uri_param", uri_param, (_F, _F), 1, help="the Request-URI has it"),
    Function("siputils", "add_uri_param", add_uri_param, (_F,), 0, _RF, help="to the Request-URI"),
    Function("siputils", "is_uri", is_uri, (_F,), help="a URI that can be read"),
    Function("siputils", "cmp_uri", cmp_uri, (_F, _F), help="RFC 3261, section 19.1.4"),
    Function("siputils", "is_numeric", is_numeric, (_F,), help="digits only"),
    Function("siputils", "is_user", is_user, (_F,), help="always -1: nobody is authenticated here"),
    Function("siputils", "options_reply", options_reply, (), 0, Block.REQUEST, help="answers an OPTIONS to us"),
)
