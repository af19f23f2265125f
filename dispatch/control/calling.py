"""Calling a command: what every door does between its own form of a request and its own form of an answer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from dispatch.control.command import Argument, BadValue, Caller, Command, Control, NotAllowed, Right
from dispatch.control.text import printable, to_text
from dispatch.control.values import Fault, Parameter
from dispatch.errors import DispatchError

log: Final = Logger()

_INTEGER: Final = re.compile(rb"-?[0-9]{1,10}")


def call(row: Command, control: Control, caller: Caller, written: Mapping[str, bytes]) -> Deferred[Any]:
    """Do what a caller asks for, and log it when it changes something.

    Args:
        row: the command.
        control: what it works on.
        caller: who asks.
        written: the arguments as they came; a door with types of its own writes them out.

    Returns:
        Deferred of the answer as the row describes it, or of an error: one of `ALWAYS`, or of the row's own.
    """
    return maybeDeferred(_call, row, control, caller, written)


def perform(row: Command, control: Control, caller: Caller, parameters: Sequence[Parameter]) -> Deferred[Any]:
    """The same by the form that the caller's door has for the command.

    Returns:
        Deferred of the values of the answer, or of a `Fault`.
    """
    form = row.forms[caller.door]

    def view(answer: Any) -> Any:
        return form.view(control, answer, parameters)

    def failed(failure: Failure) -> Any:
        error = failure.value
        if isinstance(error, Fault) or not isinstance(error, DispatchError):
            return failure
        if isinstance(error, NotAllowed):
            raise Fault(403, str(error))
        instead = form.failed(error, parameters)
        if isinstance(instead, Fault):
            raise instead
        return instead

    done = maybeDeferred(lambda: _call(row, control, caller, form.read(parameters)))
    return done.addCallback(view).addErrback(failed).addErrback(_broken)


def _broken(failure: Failure) -> Failure:
    if not failure.check(Fault):
        log.failure("a command failed", failure)
        raise Fault(500, "Internal Server Error")
    return failure


def _call(row: Command, control: Control, caller: Caller, written: Mapping[str, bytes]) -> Any:
    given = arguments(row, written)
    changes = row.right is Right.FULL and not row.only_looks(given)
    if changes and caller.right < row.right:
        raise NotAllowed(f"{row.names[caller.door]!r} changes something, and {caller.name} may only look")
    answer = row.run(control, **given)
    if not changes:
        return answer
    return maybeDeferred(lambda: answer).addCallback(_logged, row, caller)


def _logged(answer: Any, row: Command, caller: Caller) -> Any:
    log.info(
        "{command} by {caller} over {door}: {change}",
        command=row.names[caller.door],
        caller=caller.name,
        door=caller.way,
        change=row.sentence(answer).partition("\n")[0],
    )
    return answer


def arguments(row: Command, written: Mapping[str, bytes]) -> dict[str, int | str | bytes]:
    """The arguments of a command in the types that it wants.

    Raises:
        BadValue: one is missing, unknown, or no such value.
    """
    known = {argument.name: argument for argument in row.arguments}
    for name in written:
        if name not in known:
            raise BadValue(_unknown(name, known))
    missing = [one.name for one in row.arguments if not one.optional and one.name not in written]
    if missing:
        raise BadValue(f"argument {missing[0]!r} is missing: {known[missing[0]].help}")
    return {name: _value(known[name], value) for name, value in written.items()}


def _value(argument: Argument, written: bytes) -> int | str | bytes:
    if argument.kind is bytes:
        return written
    if argument.kind is str:
        return to_text(written)
    if _INTEGER.fullmatch(written) is None:
        shown = printable(to_text(written[:40]))
        raise BadValue(f"argument {argument.name!r} is a whole number of ten digits at most, not '{shown}'")
    return int(written)


def _unknown(name: str, known: Mapping[str, Argument]) -> str:
    shown = printable(name[:40])
    near = difflib.get_close_matches(shown, known, 1)
    if near:
        return f"there is no argument '{shown}'; did you mean {near[0]!r}?"
    return f"there is no argument '{shown}'; there {'are ' + ', '.join(known) if known else 'is none at all'}"
