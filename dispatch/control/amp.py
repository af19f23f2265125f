"""The AMP door: Twisted's Asynchronous Messaging Protocol, on any stream.

Boxes are described in `docs/control.md`. One client has one command at a time under way; what it sends meanwhile waits
in the socket, as it does when the client does not read its answers. What can't be understood ends the connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IFileDescriptorReceiver, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols import amp
from twisted.protocols.amp import ANSWER, ASK, COMMAND, ERROR, ERROR_CODE, ERROR_DESCRIPTION
from twisted.python.failure import Failure
from zope.interface import implementer

from dispatch.control.access import Entry
from dispatch.control.boxes import LONGEST, Box, BoxError, BoxReader, join, pack, record
from dispatch.control.calling import call
from dispatch.control.command import CODES, Caller, Command, Control, Door, PageGone
from dispatch.control.pages import LivePages, Pages
from dispatch.control.serving import Serving
from dispatch.control.text import printable, to_bytes, to_text

log: Final = Logger()

PAGE: Final = b"page"
ROWS: Final = b"rows"
CONNECTIONS: Final = 64

_LISTINGS: Final = 4  # unfinished ones that are kept for a client
_FAILED: Final = "the command failed; the log of the service says why"


@implementer(IFileDescriptorReceiver)
class ControlProtocol(Protocol):
    """One client.

    Args:
        clock: gives the reactor back between two commands.
        control: what commands work on.
        entry: tells who it is.
        gone: called once, when the connection is over.
    """

    transport: Any
    _serving: Serving[Box]

    def __init__(self, clock: IReactorTime, control: Control, entry: Entry, gone: Callable[[], object]) -> None:
        self._clock = clock
        self._entry = entry
        self._control = control
        self._gone = gone
        self._rows = {row.names[Door.AMP].encode(): row for row in control.commands if Door.AMP in row.names}
        self._boxes = BoxReader()
        self._listings: dict[bytes, Pages | LivePages] = {}
        self._live: set[LivePages] = set()
        self._made = 0
        self._caller: Caller | None = None

    def connectionMade(self) -> None:
        """Begin."""
        self._serving = Serving(self._clock, self.transport, self._take, self._reply)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget the client; a command under way goes on without it, a listing that goes on ends."""
        self._serving.end()
        self._listings.clear()
        for pages in tuple(self._live):
            pages.close()
        self._gone()

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """Nobody asked for one (`IFileDescriptorReceiver`)."""
        os.close(descriptor)

    def dataReceived(self, data: bytes) -> None:
        """Take what came, and answer the first command in it."""
        self._boxes.feed(data)
        self._serving.serve()

    def _take(self) -> Box | None:
        try:
            return self._boxes.take()
        except BoxError:
            self._serving.drop()
            return None

    def _reply(self, box: Box) -> Deferred[bytes]:
        box = join(box)
        ask = box.pop(ASK, None)
        return self._answer(box).addErrback(_error).addCallback(_packed, ask)

    def _answer(self, box: Box) -> Deferred[Box]:
        name = box.pop(COMMAND, None)
        if name is None:
            self._serving.drop()
            return succeed({})
        row = self._rows.get(name)
        if row is None:
            return succeed(_problem(amp.UNHANDLED_ERROR_CODE, _unknown(name, self._rows)))
        if row.is_listing and PAGE in box:
            return self._next_page(box[PAGE])
        written = {to_text(key): value for key, value in box.items()}
        return maybeDeferred(lambda: call(row, self._control, self._who(), written)).addCallback(self._first, row)

    def _who(self) -> Caller:
        """Found out when the first box is there: only then a TLS handshake is over."""
        if self._caller is None:
            self._caller = self._entry.caller(Door.AMP, self.transport)
        return self._caller

    def _first(self, answer: Any, row: Command) -> Box | Deferred[Box]:
        if not row.is_listing:
            return record(answer)
        self._made += 1
        token = b"%d" % self._made
        if not row.is_live:
            return self._page(token, Pages(answer))
        live = LivePages(self._clock, answer, self._live.discard)
        self._live.add(live)
        if self._serving.is_over:
            live.close()
        return self._page(token, live)

    def _next_page(self, token: bytes) -> Deferred[Box]:
        pages = self._listings.pop(token, None)
        if pages is None or pages.is_over:
            return succeed(_error(Failure(PageGone("that page is not there any more; begin again without 'page'"))))
        return self._page(token, pages)

    def _page(self, token: bytes, pages: Pages | LivePages) -> Deferred[Box]:
        return pages.page().addCallback(self._kept, token, pages)

    def _kept(self, rows: bytes, token: bytes, pages: Pages | LivePages) -> Box:
        box = {ROWS: rows}
        if not pages.is_over:
            box[PAGE] = token
            self._listings[token] = pages
            if len(self._listings) > _LISTINGS:
                self._listings.pop(next(iter(self._listings))).close()
        return box


def _packed(answer: Box, ask: bytes | None) -> bytes:
    """As it is sent; nothing where no answer is asked for."""
    if ask is None:
        return b""
    answer[ERROR if ERROR_CODE in answer else ANSWER] = ask
    return pack(answer)


def _error(failure: Failure) -> Box:
    known = failure.check(*CODES)
    if known is None:
        log.failure("a command failed", failure)
        return _problem(amp.UNKNOWN_ERROR_CODE, _FAILED)
    return _problem(CODES[known].encode(), str(failure.value))


def _problem(code: bytes, description: str) -> Box:
    return {ERROR_CODE: code, ERROR_DESCRIPTION: to_bytes(description)[:LONGEST]}


def _unknown(name: bytes, known: Any) -> str:
    shown = printable(to_text(name[:40]))
    return f"there is no command '{shown}' here; there are {b', '.join(known).decode()}"
