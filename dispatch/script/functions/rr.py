"""Module `rr`: Record-Route and Route."""

from __future__ import annotations

import re
from typing import Final

from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code
from dispatch.sip import uri as sip_uri

_RFB: Final = Block.REQUEST | Block.FAILURE | Block.BRANCH


def record_route(act: Act, parameters: bytes = b"") -> int:
    return code(act.add_record_route(parameters))


def add_rr_param(act: Act, parameters: bytes) -> int:
    return code(act.add_record_route_parameters(parameters))


def loose_route(act: Act) -> int:
    return code(act.loose_route())


def remove_record_route(act: Act) -> int:
    act.remove_header(b"record-route")
    return OK


def _parameters(act: Act) -> bytes:
    """Of the Route that was followed last, with a semicolon before each."""
    uri = sip_uri.parse(act.routed_by) if act.routed_by else None
    return b";" + uri.params if uri is not None and uri.params else b""


def check_route_param(act: Act, expression: re.Pattern[bytes]) -> int:
    return code(expression.search(_parameters(act)) is not None)


def is_direction(act: Act, direction: bytes) -> int:
    """Upstream is against the request that set the dialog up: its From tag is not that of the Record-Route."""
    found = re.search(rb";ftag=([^;]*)", _parameters(act))
    if found is None or direction.lower() not in (b"downstream", b"upstream"):
        return FAILED
    is_downstream = found[1] == (act.message.from_tag or b"")
    return code(is_downstream == (direction.lower() == b"downstream"))


FUNCTIONS: Final = (
    Function("rr", "record_route", record_route, (Kind.FORMAT,), 1, _RFB, "stays in the path of the dialog"),
    Function("rr", "add_rr_param", add_rr_param, (Kind.FORMAT,), 0, _RFB, "more parameters in our Record-Route"),
    Function("rr", "loose_route", loose_route, (), 0, Block.REQUEST, "follows our own Route; no other one"),
    Function("rr", "remove_record_route", remove_record_route, (), 0, _RFB, "takes those of others away"),
    Function("rr", "check_route_param", check_route_param, (Kind.REGEX,), 0, _RFB, "parameters of the Route followed"),
    Function("rr", "is_direction", is_direction, (Kind.STRING,), 0, _RFB, "by `ftag` of the Route followed"),
)
