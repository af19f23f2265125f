"""The JSON-RPC door: HTTP POST, and datagrams."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Generator
from typing import Any, Final
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from dispatch.control.access import Entry
from dispatch.control.command import Caller, Door, NotAllowed, Right
from dispatch.control.datagrams import LONGEST
from dispatch.control.jsonrpc import LARGEST, TOO_LONG, Documents
from dispatch.control.text import printable

_PROTOCOL: Final = "jsonrpc"
_LONGEST_DOCUMENT: Final = 65536
_DECODER: Final = json.JSONDecoder()
_IDLE: Final = 60  # seconds that a client may be silent
_OWN: Final = frozenset(("localhost", "127.0.0.1", "::1"))


class Posted(Resource):
    """Takes a document by POST on any path.

    A page that a browser shows may be a stranger's: a request with an Origin is refused, and so is one for a Host that
    is none of ours.

    Args:
        documents: answer.
        entry: tells who asks.
        hosts: names that we are asked by, beside those of this machine.
    """

    isLeaf = True

    def __init__(self, documents: Documents, entry: Entry, hosts: Collection[str] = ()) -> None:
        super().__init__()
        self._documents = documents
        self._entry = entry
        self._hosts = _OWN | {host.lower() for host in hosts}

    def render_POST(self, request: Request) -> int | bytes:
        """Answer a document."""
        if request.getHeader("origin") is not None:
            return _refuse(request, http.FORBIDDEN, "no pages of a browser here")
        if _host(request.getHeader("host") or "") not in self._hosts:
            return _refuse(request, http.FORBIDDEN, "no such host here")
        if not (request.getHeader("content-type") or "").lower().startswith("application/json"):
            return _refuse(request, http.UNSUPPORTED_MEDIA_TYPE, "Content-Type is to be application/json")
        assert request.content is not None  # it is all there
        document = request.content.read(LARGEST + 1)
        if len(document) > LARGEST:
            return _refuse(request, http.REQUEST_ENTITY_TOO_LARGE, f"more than {LARGEST} bytes")
        try:
            caller = self._entry.caller(Door.RPC, request.transport, _PROTOCOL)
            caller = self._entry.bearer(caller, request.getHeader("authorization") or "")
        except NotAllowed as error:
            request.setHeader("www-authenticate", "Bearer")
            return _refuse(request, http.UNAUTHORIZED, str(error))
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        self._documents.answer(document, caller).addCallback(_finish, request, gone)
        return NOT_DONE_YET


def _finish(answer: bytes, request: Request, gone: list[object]) -> None:
    if gone:
        return
    request.setHeader("content-type", "application/json")
    request.setHeader("content-length", str(len(answer)))
    request.setResponseCode(http.OK)  # also without an answer: there are clients to which all else is a failure
    request.write(answer)
    request.finish()


def _refuse(request: Request, status: int, reason: str) -> bytes:
    request.setResponseCode(status)
    request.setHeader("content-type", "text/plain")
    return f"{reason}\n".encode()


def _host(written: str) -> str:
    try:
        return urlsplit(f"//{written}").hostname or ""
    except ValueError:
        return ""


class JsonSite(Site):
    """Serves one resource, to so many clients at a time."""

    noisy = False

    def __init__(self, documents: Documents, entry: Entry, hosts: Collection[str] = ()) -> None:
        super().__init__(Posted(documents, entry, hosts), timeout=_IDLE)
        self.displayTracebacks = False

    def log(self, request: object) -> None:
        """Changes are logged by what they are, and nothing else is."""


def datagram(documents: Documents, right: Right, data: bytes, peer: str) -> Deferred[bytes]:
    """The answer to a document that came in a datagram."""
    answering = documents.answer(data, Caller(Door.RPC, peer, right, _PROTOCOL))
    return answering.addCallback(lambda answer: answer if len(answer) <= LONGEST else TOO_LONG)


class JsonRequests:
    """Documents from a FIFO; each names the FIFO that its answer is wanted at (``reply_name``).

    Args:
        documents: answer.
        reply: sends an answer to who waits at a FIFO of that name.
    """

    def __init__(self, documents: Documents, reply: Callable[[str, bytes], object]) -> None:
        self._documents = documents
        self._reply = reply
        self._pending = b""

    @inlineCallbacks
    def feed(self, data: bytes) -> Generator[Deferred[object], object, None]:
        """Take what came, and answer what is whole; Deferred of that. What can't be a document is thrown away."""
        self._pending += data
        while (asked := self._take()) is not None:
            yield self._answer(asked)

    def _take(self) -> Any:
        text = self._pending.decode("utf-8", "replace").lstrip()
        if not text:
            self._pending = b""
            return None
        try:
            asked, end = _DECODER.raw_decode(text)
        except (ValueError, RecursionError):
            if text[0] not in "{[" or len(self._pending) > _LONGEST_DOCUMENT:
                self._pending = b""
            return None
        self._pending = text[end:].encode()
        return asked

    def _answer(self, asked: Any) -> Deferred[object]:
        name = asked.get("reply_name") if isinstance(asked, dict) else None
        reply = name if isinstance(name, str) else ""
        caller = Caller(Door.RPC, f"FIFO {printable(reply[:100])}", Right.FULL, _PROTOCOL)
        return self._documents.answer_parsed(asked, caller).addCallback(self._finish, reply)

    def _finish(self, answer: bytes, reply: str) -> None:
        if reply and answer:
            self._reply(reply, answer + b"\n")
