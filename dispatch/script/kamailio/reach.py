"""Which kinds of route each block runs in: a ``route[NAME]`` runs in those that call it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from dispatch.script import act
from dispatch.script.kamailio import tree

KINDS: Final = {
    tree.Kind.REQUEST: act.Block.REQUEST,
    tree.Kind.FAILURE: act.Block.FAILURE,
    tree.Kind.BRANCH: act.Block.BRANCH,
    tree.Kind.ONREPLY: act.Block.REPLY,
    tree.Kind.REPLY: act.Block.ANY_REPLY,
    tree.Kind.ONSEND: act.Block.SEND,
    tree.Kind.EVENT: act.Block.EVENT,
}


def kind_of(block: tree.Block) -> act.Block | None:
    """What a block is by itself; None for one that is only called."""
    if block.kind is tree.Kind.EVENT and block.name.startswith("tm:branch-failure:"):
        return act.Block.BRANCH_FAILURE
    return KINDS.get(block.kind)


def reached(blocks: Sequence[tree.Block]) -> dict[str, act.Block]:
    """By name of ``route[NAME]``: all kinds of route that it may run in, as far as names are constant."""
    calls = {block.name: set(called(block.body)) for block in blocks if block.kind is tree.Kind.ROUTE}
    found = dict.fromkeys(calls, act.Block(0))
    waiting = [(name, kind) for block in blocks if (kind := kind_of(block)) for name in called(block.body)]
    while waiting:
        name, kind = waiting.pop()
        if name in found and kind not in found[name]:
            found[name] |= kind
            waiting += [(one, kind) for one in calls[name]]
    return found


def called(statements: Sequence[tree.Statement]) -> Iterator[str]:
    """Names of the routes that these call."""
    for call in calls_in(statements):
        name = route_name(call)
        if name is not None:
            yield name


def route_name(call: tree.Call) -> str | None:
    """The route that a call of ``route()`` names; None where it is another call, or the name is no constant."""
    if call.name != "route" or len(call.arguments) != 1:
        return None
    one = call.arguments[0]
    if isinstance(one, tree.Text):
        return one.value
    if isinstance(one, tree.Word):
        return one.name
    return str(one.value) if isinstance(one, tree.Number) else None


def calls_in(statements: Sequence[tree.Statement]) -> Iterator[tree.Call]:
    """Every call in them, those in expressions too."""
    for node in nodes(statements):
        if isinstance(node, tree.Call):
            yield node


def nodes(value: object) -> Iterator[object]:
    """A node and all that is in it."""
    if isinstance(value, tuple):
        for one in value:
            yield from nodes(one)
        return
    slots = getattr(type(value), "__dataclass_fields__", None)
    if slots is None or isinstance(value, tree.Position):
        return
    yield value
    for name in slots:
        yield from nodes(getattr(value, name))
