"""What compiled scripts are made of: conversions, comparisons, texts with variables, and how a route ends.

A value is a string (bytes), a number or null (None). Each function here is one rule of the language.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from dispatch.script import act_variables
from dispatch.script.act import Act, Block, Exit
from dispatch.script.act_variables import ActVariable, Read
from dispatch.script.kamailio import posix, tokens, transformations
from dispatch.script.kamailio.tree import Position, Variable
from dispatch.script.stage import Routes
from dispatch.script.values import Value, integer, shown, text, whole_number

__all__ = (
    "Act",
    "Block",
    "Exit",
    "Routes",
    "add",
    "assign",
    "call",
    "complain",
    "divide",
    "done",
    "drop",
    "equal",
    "format",
    "integer",
    "is_address",
    "is_ipv6",
    "is_own_address",
    "matches",
    "pattern",
    "remainder",
    "result",
    "shift_left",
    "shift_right",
    "switch_number",
    "text",
    "variable",
    "wrap",
)

_BITS: Final = 64
_HALF: Final = 1 << (_BITS - 1)
_DEEPEST: Final = 256  # calls of routes in one another
_ERROR: Final = -1


# --- how a route ends


def done(act: Act, code: int) -> int:
    """Remember what a function or route gave (``$rc``); 0 ends the script.

    Raises:
        Exit: the code is 0.
    """
    act.code = code
    if code == 0:
        raise Exit
    return code


def result(act: Act, code: int) -> int:
    """As `done`, where a call is part of an expression: 1 for success, else 0."""
    return 1 if done(act, code) > 0 else 0


def drop(act: Act) -> NoReturn:
    """``drop``."""
    act.is_dropped = True
    raise Exit


def call(act: Act, routes: dict[str, Callable[[Act], int]], name: bytes) -> int:
    """``route("...")`` whose name is not known before; false where there is none."""
    body = routes.get(name.decode("latin-1"))
    if body is None:
        complain(act, f"there is no route[{name.decode('latin-1')}]")
        return -1
    return body(act)


def complain(act: Act, what: str) -> None:
    """Write down what went wrong; the script goes on."""
    act.stage.write(_ERROR, what)


# --- values


def wrap(number: int) -> int:
    """A number of 64 bits with sign."""
    return number if -_HALF <= number < _HALF else (number + _HALF) % (1 << _BITS) - _HALF


def add(left: Value, right: Value) -> Value:
    """``+``: the left operand says what it means; null is nothing."""
    if isinstance(left, bytes):
        return left + text(right)
    if left is None and isinstance(right, bytes):
        return right
    return wrap(integer(left) + integer(right))


def divide(left: int, right: int) -> int:
    """``/``, cut towards zero.

    Raises:
        ZeroDivisionError: the assignment that it is in is not done.
    """
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def remainder(left: int, right: int) -> int:
    """``mod``: has the sign of the left operand.

    Raises:
        ZeroDivisionError: the assignment that it is in is not done.
    """
    rest = abs(left) % abs(right)
    return rest if left >= 0 else -rest


def shift_left(left: int, right: int) -> int:
    """``<<``."""
    return wrap(left << right) if 0 <= right < _BITS else 0


def shift_right(left: int, right: int) -> int:
    """``>>``."""
    return left >> right if 0 <= right < _BITS else 0


def equal(left: Value, right: Value) -> bool:
    """``==``: the left operand says whether strings or numbers are compared."""
    if isinstance(left, int):
        return left == integer(right)
    if left is None and isinstance(right, int):
        return right == 0
    if isinstance(left, bytes) and isinstance(right, int):
        return left == b"%d" % right
    return text(left) == text(right)


def pattern(expression: bytes, *, ignores_case: bool = True) -> re.Pattern[bytes]:
    """A regular expression.

    Raises:
        ValueError: it is none.
    """
    return posix.compile(expression, ignores_case=ignores_case)


def matches(left: Value, expression: Value) -> bool:
    """``=~`` with an expression that is not known before."""
    return posix.compile(text(expression)).search(text(left)) is not None


# --- conditions without a dollar


def is_address(address: str, version: int, wanted: int, mask: int) -> bool:
    """``src_ip == 10.0.0.0/8``: whether an address lies in a network of that version of IP."""
    if (":" in address) != (version == 6):
        return False
    packed = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, address)
    return int.from_bytes(packed, "big") & mask == wanted


def is_own_address(act: Act, address: str) -> bool:
    """``src_ip == myself``."""
    return any(one.host == address for one in act.stage.sockets)


def is_ipv6(act: Act) -> bool:
    """``af == INET6``."""
    return ":" in act.source[0]


def assign(act: Act, target: ActVariable, value: Value) -> int:
    """An assignment that stands as a condition: true."""
    assert target.write is not None  # checked before
    target.write(act, value)
    return 1


def switch_number(value: Value) -> int | None:
    """What the cases of a switch, which are numbers, are compared with; None fits none."""
    return whole_number(value) if isinstance(value, bytes) else integer(value)


# --- variables and texts


def variable(written: str, *, definitions: dict[str, str] | None = None) -> ActVariable:
    """A variable as it is written, with its index and its transformations.

    Raises:
        ValueError: there is none like that, and what was probably meant.
    """
    return of_tree(tokens.variable(written, _NOWHERE), definitions or {})


def of_tree(node: Variable, definitions: dict[str, str]) -> ActVariable:
    """A variable of a tree.

    Args:
        node: of the tree.
        definitions: what ``$def(NAME)`` gives.

    Raises:
        ValueError: there is none like that, and what was probably meant.
    """
    found = _without_changes(node, definitions)
    if not node.transformations:
        return found
    read = found.read
    for one in node.transformations:
        read = _changed(read, one, definitions)
    return ActVariable(read)


def _without_changes(node: Variable, definitions: dict[str, str]) -> ActVariable:
    if node.name == "def":
        value = definitions.get(node.inner or "")
        encoded = None if value is None else value.encode("utf-8", "surrogateescape")
        return ActVariable(lambda act: encoded)
    if node.name == "sel":
        raise ValueError(f"{node.text}: selects are not part of the dispatcher")
    index, inner = node.index, node.inner
    if (index is not None and index.startswith("$")) or (inner is not None and "$" in inner and node.name[:2] != "T_"):
        return _late(node, definitions)
    if index is not None and index != "*" and re.fullmatch(r"-?[0-9]{1,9}", index) is None:
        raise ValueError(f"{node.text}: {index!r} is no index; write a number, * or a variable")
    return act_variables.find(node.name, inner, index)


def _late(node: Variable, definitions: dict[str, str]) -> ActVariable:
    """One whose index or name has variables in it: it is found when it is read, and kept by what they hold."""
    index = format(node.index, definitions=definitions) if node.index is not None else None
    inner = format(node.inner, definitions=definitions) if node.inner is not None else None
    known: dict[tuple[bytes, bytes], ActVariable] = {}

    def find(act: Act) -> ActVariable:
        key = (inner(act) if inner is not None else b"", index(act) if index is not None else b"")
        found = known.get(key)
        if found is None:
            place = str(integer(key[1])) if index is not None else None
            found = act_variables.find(node.name, key[0].decode("latin-1") if inner is not None else None, place)
            if len(known) < _MOST_NAMES:
                known[key] = found
        return found

    def write(act: Act, value: Value) -> None:
        found = find(act)
        if found.write is None:
            raise ValueError(f"{node.text} can't be written")
        found.write(act, value)

    return ActVariable(lambda act: find(act).read(act), write)


_MOST_NAMES: Final = 1000


def _changed(read: Read, written: str, definitions: dict[str, str]) -> Read:
    name, arguments = transformations.make(written)
    encoded = [one.encode("utf-8", "surrogateescape") for one in arguments]
    change = transformations.function(name, encoded)
    if name == "re.subst" or not any("$" in one for one in arguments):
        return lambda act: change(read(act), encoded)
    texts = [format(one, definitions=definitions) for one in arguments]
    return lambda act: change(read(act), [one(act) for one in texts])


def format(written: str, *, definitions: dict[str, str] | None = None) -> Callable[[Act], bytes]:
    """What makes the text: variables in it are expanded, null is ``<null>``, ``$$`` a dollar sign.

    Raises:
        ValueError: a variable in it is none.
    """
    parts: list[bytes | Read] = []
    for piece in pieces(written):
        if isinstance(piece, str):
            parts.append(piece.encode("utf-8", "surrogateescape"))
        else:
            parts.append(of_tree(piece, definitions or {}).read)
    if not parts:
        return lambda act: b""
    if len(parts) == 1:
        return _single(parts[0])
    return lambda act: b"".join([one if isinstance(one, bytes) else shown(one(act)) for one in parts])


def _single(part: bytes | Read) -> Callable[[Act], bytes]:
    if isinstance(part, bytes):
        return lambda act: part
    return lambda act: shown(part(act))


def pieces(written: str) -> list[str | Variable]:
    """A text cut at its variables.

    Raises:
        ValueError: a dollar sign begins no variable.
    """
    found: list[str | Variable] = []
    literal, at = "", 0
    while at < len(written):
        dollar = written.find("$", at)
        if dollar < 0:
            literal += written[at:]
            break
        literal += written[at:dollar]
        if written[dollar + 1 : dollar + 2] == "$":
            literal += "$"
            at = dollar + 2
            continue
        end = tokens.end_of_variable(written, dollar)
        if end < 0:
            raise ValueError(f"{written[dollar : dollar + 20]!r} is no variable; write $$ for a dollar sign")
        if literal:
            found.append(literal)
            literal = ""
        found.append(tokens.variable(written[dollar:end], _NOWHERE))
        at = end
    if literal:
        found.append(literal)
    return found


_NOWHERE: Final = Position(Path(), 0, 0)
