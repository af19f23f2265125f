"""Answers in the original's own form: what BINRPC and JSON-RPC have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union

from dispatch.errors import DispatchError


@dataclass(frozen=True, slots=True)
class Struct:
    """Named values, in order.

    Attributes:
        members: name and value of each.
    """

    members: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Any number of values under one name: a struct of equal names in BINRPC, an array of one-member objects in JSON.

    Attributes:
        name: of each.
        values: made while they are read.
    """

    name: str
    values: Iterable[Value]


Value = Union[int, float, str, None, Struct, Repeated]  # noqa: UP007  # forward references
"""A value of an answer; None is the original's null string."""

Parameter = Union[int, float, str]  # noqa: UP007
"""A value of a request; text may have surrogates for bytes that are no UTF-8."""


class Fault(DispatchError):
    """What the original answers in place of a result.

    Args:
        code: its number.
        text: its words.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class Node:
    """A line of an MI answer, with those below it.

    Attributes:
        name: before the value; empty for none.
        value: what it says.
        attributes: name and value of each.
        children: one level further in.
    """

    name: str
    value: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: Iterable[Node] = ()
