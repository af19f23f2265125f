"""`hash`: what the hash of the dispatcher makes of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.balance.hashing import hash_of
from dispatch.control import parameters as rpc
from dispatch.control.command import Argument, Command, Control, Door, Form
from dispatch.control.text import to_bytes
from dispatch.control.values import Parameter, Struct, Value


@dataclass(frozen=True, slots=True)
class Hashed:
    """A hash.

    Attributes:
        hash: the number.
        slot: the number modulo the slots; 0 where there are none.
    """

    hash: int
    slot: int


def run(control: Control, slots: int, first: str, second: str = "") -> Hashed:
    """Hash one text, or two."""
    number = hash_of(to_bytes(first), to_bytes(second))
    return Hashed(number, number % slots if slots > 0 else 0)


def _read(parameters: Sequence[Parameter]) -> dict[str, bytes]:
    slots, first = rpc.integer(parameters, 0), rpc.text(parameters, 1)
    second = rpc.text(parameters, 2) if len(parameters) > 2 else ""
    return {"slots": b"%d" % slots, "first": to_bytes(first), "second": to_bytes(second)}


def _view(control: Control, answer: Hashed, parameters: Sequence[Parameter]) -> tuple[Value, ...]:
    return (Struct((("hashid", answer.hash), ("slot", answer.slot))),)


HASH: Final = Command(
    names={Door.AMP: "hash", Door.CTL: "hash", Door.RPC: "dispatcher.hash"},
    help="compute the hash of a text, and its slot",
    arguments=(
        Argument("slots", int, "how many there are to choose from"),
        Argument("first", str, "the text"),
        Argument("second", str, "another one, hashed behind it", optional=True),
    ),
    run=run,
    answer=Hashed,
    sentence=lambda one: f"hash {one.hash}, slot {one.slot}",
    forms={Door.RPC: Form("Compute the hash if the values", _view, _read)},
)
