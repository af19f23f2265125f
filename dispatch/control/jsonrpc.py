"""JSON-RPC 2.0 (https://www.jsonrpc.org/specification), by the methods of the original's RPC."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any, Final

from twisted.internet.defer import Deferred, inlineCallbacks, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from dispatch.control.command import Caller
from dispatch.control.gathering import gather
from dispatch.control.methods import Methods
from dispatch.control.text import to_bytes
from dispatch.control.values import Fault, Parameter, Repeated, Struct, Value

LARGEST: Final = 1024 * 1024
"""Bytes of a request, all of a batch together."""
_MOST: Final = 100  # requests of a batch
_PARSE: Final = (-32700, "Parse error")
_INVALID: Final = (-32600, "Invalid Request")
_NO_METHOD: Final = (-32601, "Method not found")
_NO_PARAMETERS: Final = (-32602, "Invalid params")


class Documents:
    """Answers requests and batches of them.

    Args:
        clock: the reactor.
        methods: what can be asked for.
    """

    def __init__(self, clock: IReactorTime, methods: Methods) -> None:
        self._clock = clock
        self._methods = methods

    def answer(self, document: bytes, caller: Caller) -> Deferred[bytes]:
        """The document that answers one; empty where none is wanted: all of it were notifications."""
        try:
            asked = json.loads(document)
        except (ValueError, RecursionError):
            return succeed(b"".join(_failed(Fault(*_PARSE), None)))
        return self.answer_parsed(asked, caller)

    def answer_parsed(self, asked: Any, caller: Caller) -> Deferred[bytes]:
        """The same for a document that is read."""
        if not isinstance(asked, list):
            return self._answer_one(asked, caller)
        if not asked or len(asked) > _MOST:
            return succeed(b"".join(_failed(Fault(*_INVALID), None)))
        return self._answer_batch(asked, caller)

    @inlineCallbacks
    def _answer_batch(self, asked: list[Any], caller: Caller) -> Generator[Deferred[bytes], bytes, bytes]:
        """One after the other: a later one may build on what an earlier one did."""
        answers: list[bytes] = []
        for one in asked:
            answer = yield self._answer_one(one, caller)
            if answer:
                answers.append(answer)
        return b"[%b]" % b",".join(answers) if answers else b""

    def _answer_one(self, asked: Any, caller: Caller) -> Deferred[bytes]:
        number = asked.get("id") if isinstance(asked, dict) else None
        if isinstance(number, bool) or not isinstance(number, int | float | str | None):
            number = None
        done = maybeDeferred(self._call, asked, caller)
        done.addCallback(lambda values: gather(self._clock, _succeeded(values, number)))
        done.addErrback(_refused, number)
        is_notification = isinstance(asked, dict) and "id" not in asked and _is_request(asked)
        return done.addCallback(lambda answer: b"" if is_notification else answer)

    def _call(self, asked: Any, caller: Caller) -> Deferred[Any]:
        if not _is_request(asked):
            raise Fault(*_INVALID)
        if asked["method"] not in self._methods:
            raise Fault(*_NO_METHOD)
        return self._methods.call(asked["method"], _parameters(asked.get("params", [])), caller)


def _is_request(asked: Any) -> bool:
    return isinstance(asked, dict) and asked.get("jsonrpc") == "2.0" and isinstance(asked.get("method"), str)


def _parameters(written: Any) -> list[Parameter]:
    """Those of an object are taken in their order: the original's have no names."""
    values = list(written.values()) if isinstance(written, dict) else written
    if not isinstance(values, list):
        raise Fault(*_NO_PARAMETERS)
    for one in values:
        if isinstance(one, bool) or not isinstance(one, int | float | str):
            raise Fault(*_NO_PARAMETERS)
        if isinstance(one, str):
            _encodable(one)
    return values


def _encodable(text: str) -> None:
    """See that it stands for bytes: JSON may have half of a surrogate pair."""
    try:
        to_bytes(text)
    except UnicodeEncodeError:
        raise Fault(*_NO_PARAMETERS) from None


def _refused(failure: Failure, number: Any) -> bytes:
    error = failure.value
    if not isinstance(error, Fault):
        return b"".join(_failed(Fault(-32603, "Internal error"), number))
    return b"".join(_failed(error, number))


def _failed(error: Fault, number: Any) -> Iterator[bytes]:
    yield _dump({"jsonrpc": "2.0", "error": {"code": error.code, "message": error.text}, "id": number})


def _succeeded(values: tuple[Value, ...], number: Any) -> Iterator[bytes]:
    yield b'{"jsonrpc": "2.0", "result": '
    if len(values) == 1:
        yield from _written(values[0])
    elif values:
        yield from _joined(b"[", map(_written, values), b"]")
    else:
        yield b"{}"
    yield b', "id": %b}' % _dump(number)


def _written(value: Value) -> Iterator[bytes]:
    if isinstance(value, Struct):
        return _joined(b"{", (_member(name, member) for name, member in value.members), b"}")
    if isinstance(value, Repeated):
        return _joined(b"[", map(partial(_only, value.name), value.values), b"]")
    return iter((_dump(value),))


def _only(name: str, value: Value) -> Iterator[bytes]:
    """An object with one member."""
    return _joined(b"{", iter((_member(name, value),)), b"}")


def _member(name: str, value: Value) -> Iterator[bytes]:
    yield _dump(name) + b": "
    yield from _written(value)


def _joined(before: bytes, parts: Iterator[Iterator[bytes]], after: bytes) -> Iterator[bytes]:
    yield before
    for index, part in enumerate(parts):
        if index:
            yield b", "
        yield from part
    yield after


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode("ascii")


TOO_LONG: Final = b"".join(_failed(Fault(-32603, "the answer is too long for a datagram"), None))
