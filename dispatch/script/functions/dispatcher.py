"""Module `dispatcher`; what the functions do is `dispatch.script.dispatcher`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dispatch.script import dispatcher
from dispatch.script.act import Act, Block
from dispatch.script.functions.function import FAILED, OK, Function, Kind, code
from dispatch.script.values import integer

_N, _F = Kind.NUMBER, Kind.FORMAT
_RF: Final = Block.REQUEST | Block.FAILURE
_RFO: Final = _RF | Block.REPLY


def _of_request(call: Callable[..., int]) -> Callable[..., int]:
    """A function that takes the request; its arguments come as numbers or as text."""

    def do(act: Act, *arguments: int | bytes) -> int:
        return call(act.request, *arguments)

    return do


def _select_only(act: Act, group: int | bytes, algorithm: int | bytes, limit: int | bytes = 0) -> int:
    """``ds_select``: the list only; where the request goes stays as it is."""
    before = act.destination_uri
    done = dispatcher.ds_select_dst(act.request, group, algorithm, limit)
    act.destination_uri = before
    return done


def ds_select_routes(act: Act, rules: bytes, mode: bytes = b"0", limit: int | bytes = 0) -> int:
    """``1=4;2=8``: the first set with somebody who can be selected."""
    for rule in rules.split(b";"):
        group, _, algorithm = rule.partition(b"=")
        if rule.strip() and dispatcher.ds_select_dst(act.request, group, algorithm, limit) > 0:
            return OK
    return FAILED


def ds_load_update(act: Act) -> int:
    """By the status, in a reply route; by the method, in a request route."""
    if not act.message.is_request:
        act.stage.dispatcher.load_update(act.call_id, act.method, act.message.status)
        return OK
    return dispatcher.ds_load_update(act.request)


def ds_is_from_list(act: Act, *arguments: int | bytes) -> int:
    return dispatcher.ds_is_from_list(act.request, *arguments)  # type: ignore[arg-type]  # the last is a text


def ds_is_active(act: Act, group: int | bytes, uri: bytes | None = None) -> int:
    return dispatcher.ds_is_active(act.request, group, uri)


def ds_list_exist(act: Act, group: int | bytes) -> int:
    return code(integer(group) in act.stage.dispatcher.groups)


def _row(
    name: str, call: Callable[..., int], kinds: tuple[Kind, ...], optional: int, blocks: Block, text: str
) -> Function:
    return Function("dispatcher", name, call, kinds, optional, blocks, text)


FUNCTIONS: Final = (
    _row("ds_select_dst", _of_request(dispatcher.ds_select_dst), (_N, _N, _N), 1, _RF, "picks, and sends there"),
    _row("ds_select_domain", _of_request(dispatcher.ds_select_domain), (_N, _N, _N), 1, _RF, "into the Request-URI"),
    _row("ds_select", _select_only, (_N, _N, _N), 1, _RF, "makes the list only"),
    _row("ds_select_routes", ds_select_routes, (_F, _F, _N), 2, _RF, "the first set that has one; mode: none"),
    _row("ds_next_dst", _of_request(dispatcher.ds_next_dst), (), 0, _RF, "the next of the list"),
    _row("ds_next_domain", _of_request(dispatcher.ds_next_domain), (), 0, _RF, "the same, into the Request-URI"),
    _row("ds_set_dst", _of_request(dispatcher.ds_set_dst), (), 0, _RF, "the one in use again"),
    _row("ds_set_domain", _of_request(dispatcher.ds_set_domain), (), 0, _RF, "the same, into the Request-URI"),
    _row("ds_mark_dst", _of_request(dispatcher.ds_mark_dst), (_F,), 1, _RFO, "another state for the one in use"),
    _row("ds_is_from_list", ds_is_from_list, (_N, _N, _F), 3, Block.ALL, "comes from a destination"),
    _row("ds_list_exist", ds_list_exist, (_N,), 0, Block.ALL, "there is such a set"),
    _row("ds_list_exists", ds_list_exist, (_N,), 0, Block.ALL, "there is such a set"),
    _row("ds_load_update", ds_load_update, (), 0, _RFO, "confirms or frees a call"),
    _row("ds_load_unset", _of_request(dispatcher.ds_load_unset), (), 0, _RFO, "frees a call"),
    _row("ds_is_active", ds_is_active, (_N, _F), 1, Block.ALL, "one of the set can be selected"),
    _row("ds_reload", _of_request(dispatcher.ds_reload), (), 0, Block.ALL, "reads the list again"),
)
