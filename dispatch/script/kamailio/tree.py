"""The syntax tree of a `kamailio.cfg`: what the parser makes, and checks and compiler read.

Every node knows where it stands. Text is as written, with the escapes of its kind of string undone; whether variables
in it are expanded is up to whoever uses it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands.

    Attributes:
        file: the file.
        line: from 1.
        column: from 1.
    """

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


# --- expressions


@dataclass(frozen=True, slots=True)
class Number:
    """``7``, ``0x1f``, ``101b``, ``yes``."""

    at: Position
    value: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string.

    Attributes:
        is_raw: it stood in single quotes, where nothing is an escape.
    """

    at: Position
    value: str
    is_raw: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """An identifier that is no call: a log level, a flag's name, an address without quotes."""

    at: Position
    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """``$ru``, ``$avp(x)``, ``$(hdr(X)[1]{s.len})``.

    Attributes:
        name: ``avp``; ``null``.
        inner: between the parentheses behind the name; None without them.
        index: between the brackets, as written: ``1``, ``*``, ``$var(i)``; None without them.
        transformations: between the braces, each as written: ``s.select,1,;``.
        text: all of it, as written.
    """

    at: Position
    name: str
    inner: str | None
    index: str | None
    transformations: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Select:
    """``@path``."""

    at: Position
    path: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function by name.

    Attributes:
        arguments: as many as there are; empty where the parentheses are missing.
    """

    at: Position
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``!x``, ``-x``, ``~x``, ``defined x``, ``(int)x``, ``(str)x``, ``strlen(x)``, ``strempty(x)``.

    Attributes:
        operator: one of ``! - ~ defined int str strlen strempty``.
    """

    at: Position
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands.

    Attributes:
        operator: one of ``* / mod + - < > <= >= == != =~ eq ne ieq ine << >> ^ & | && ||``.
    """

    at: Position
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Choice:
    """``selval(condition, one, other)``."""

    at: Position
    condition: Expression
    one: Expression
    other: Expression


@dataclass(frozen=True, slots=True)
class OldCondition:
    """A condition without dollar: ``method == "INVITE"``, ``uri == myself``, ``src_ip == 10.0.0.0/8``.

    Attributes:
        subject: ``method``, ``uri``, ``from_uri``, ``to_uri``, ``status``, ``src_ip``, ``dst_ip``, ``src_port``,
            ``dst_port``, ``proto``, ``af``, ``msg:len``, ``myself``.
        operator: ``== != =~ < > <= >=``.
        operand: `Word` ``myself``, a `Word` with an address, network or keyword, or another expression.
    """

    at: Position
    subject: str
    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Assigning:
    """An assignment that stands as a condition, and is true then."""

    at: Position
    assignment: Assign


Expression = Number | Text | Word | Variable | Select | Call | Unary | Binary | Choice | OldCondition | Assigning


# --- statements


@dataclass(frozen=True, slots=True)
class Do:
    """A call for its effect."""

    at: Position
    call: Call


@dataclass(frozen=True, slots=True)
class Assign:
    """``$x = value``."""

    at: Position
    target: Variable
    value: Expression


@dataclass(frozen=True, slots=True)
class Return:
    """``return``, with or without a value."""

    at: Position
    value: Expression | None


@dataclass(frozen=True, slots=True)
class Exit:
    """``exit``."""

    at: Position


@dataclass(frozen=True, slots=True)
class Drop:
    """``drop``."""

    at: Position


@dataclass(frozen=True, slots=True)
class Break:
    """``break``."""

    at: Position


@dataclass(frozen=True, slots=True)
class If:
    """``if``, with an empty `otherwise` where there is no ``else``."""

    at: Position
    condition: Expression
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class While:
    """``while``."""

    at: Position
    condition: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a switch.

    Attributes:
        value: a constant; None for ``default``.
        is_pattern: it is a regular expression (``case /"re"``).
        body: up to the next case: falls through without a break.
    """

    at: Position
    value: Number | Text | None
    is_pattern: bool
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Switch:
    """``switch``."""

    at: Position
    subject: Expression
    cases: tuple[Case, ...]


Statement = Do | Assign | Return | Exit | Drop | Break | If | While | Switch


# --- the whole


class Kind(Enum):
    """What a block runs on."""

    REQUEST = "request_route"
    BRANCH = "branch_route"
    FAILURE = "failure_route"
    ONREPLY = "onreply_route"
    REPLY = "reply_route"
    ONSEND = "onsend_route"
    EVENT = "event_route"
    ROUTE = "route"


@dataclass(frozen=True, slots=True)
class Block:
    """A route.

    Attributes:
        kind: ``route[NAME]`` is `Kind.ROUTE`; ``route {}`` and ``request_route {}`` are `Kind.REQUEST`;
            ``onreply_route {}`` and ``reply_route {}`` without a name are `Kind.REPLY`.
        name: between the brackets; empty without them; ``dispatcher:dst-down`` for an event.
    """

    at: Position
    kind: Kind
    name: str
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """A global parameter: ``listen=udp:10.0.0.1:5060 advertise 192.0.2.1:5060``.

    Attributes:
        name: of it; ``group.name`` for a custom one.
        values: what stands behind the equals sign, word by word.
    """

    at: Position
    name: str
    values: tuple[Number | Text | Word, ...]


@dataclass(frozen=True, slots=True)
class LoadModule:
    """``loadmodule "tm.so"``; the name without folder and ending."""

    at: Position
    module: str


@dataclass(frozen=True, slots=True)
class Modparam:
    """``modparam("dispatcher", "flags", 2)``.

    Attributes:
        modules: as written: a name, several with ``|`` between, or a regular expression.
        is_expanded: it is ``modparamx``: variables in the value are expanded.
    """

    at: Position
    modules: str
    name: str
    value: Number | Text
    is_expanded: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, or odd.

    Attributes:
        at: where.
        message: what, and what to do.
        is_warning: it works all the same.
    """

    at: Position
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.at}: {'warning: ' if self.is_warning else ''}{self.message}"


@dataclass(slots=True)
class Script:
    """All of a file, and of those that it includes, in order.

    Attributes:
        path: of the file.
        settings: global parameters.
        modules: loaded ones.
        modparams: their parameters.
        blocks: routes.
        defines: text of each ``#!define``, for ``$def(NAME)``; empty for one without a text.
        problems: what the reading found.
    """

    path: Path
    settings: list[Setting] = field(default_factory=list)
    modules: list[LoadModule] = field(default_factory=list)
    modparams: list[Modparam] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
