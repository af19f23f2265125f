"""What commands work on, for the tests of the room; and a client beside it, without a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols import amp
from twisted.python.failure import Failure

from dispatch.balance.destination import Row
from dispatch.balance.probing import Probing
from dispatch.balance.reconcile import Change, differences
from dispatch.balance.roster import Roster, RosterBuilder
from dispatch.control.access import Entry
from dispatch.control.amp import ControlProtocol
from dispatch.control.clients import Clients
from dispatch.control.command import Control, Right
from dispatch.control.commands import TABLE
from dispatch.service.config import Config
from dispatch.service.foretelling import offline
from dispatch.service.listen import Listen
from dispatch.service.sip_config import Sip
from dispatch.test.balance.make import dispatcher, roster

LIST = b"1 sip:a 0 0 duid=x\n1 sip:b\n2 sip:c 8 5\n"
CONFIG = Config(Path("dispatcher.toml"), sip=Sip(listen=(Listen("udp", "192.0.2.254"),)))


class AtOnce:
    """A reactor whose threads are done as soon as they begin."""

    def getThreadPool(self) -> AtOnce:
        return self

    def callInThreadWithCallback(self, then: Any, work: Any, *arguments: Any) -> None:
        try:
            then(True, work(*arguments))
        except Exception:
            then(False, Failure())

    def callFromThread(self, work: Any, *arguments: Any) -> None:
        work(*arguments)


class Steered:
    """A service of which only the lists are real."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.dispatcher = dispatcher(text)
        self.waiting: list[Deferred[None]] = []
        self.is_slow = self.is_strict = False
        self.now = 1_800_000_000.0

    def reload(self) -> Deferred[Roster]:
        read = roster(self.text)
        done: Deferred[None] = Deferred()
        done.addCallback(lambda _: self._take(read))
        if self.is_slow:
            self.waiting.append(done)
        else:
            done.callback(None)
        return done  # type: ignore[return-value]  # its callback makes it one

    def _take(self, read: Roster) -> Any:
        if not read.errors:
            self.dispatcher.replace(read)
        return read

    def amend(self, change: Callable[[list[Row]], list[Row]]) -> Deferred[Roster]:
        builder = RosterBuilder("the list in force", (), strict=self.is_strict)
        for row in change([one.row for one in self.dispatcher.destinations()]):
            builder.add(row)
        return succeed(self._take(builder.finish()))

    def preview(self, text: bytes | None = None) -> Deferred[tuple[Roster, list[Change]]]:
        read = roster(self.text if text is None else text)
        return succeed((read, differences(self.dispatcher.groups, read.sets, keep_state=True)))

    def control(self) -> Control:
        probing = Probing(self.dispatcher)
        return Control(
            self.dispatcher,
            self,
            "dispatcher.list",
            "1.2.3",
            TABLE,
            lambda: self.now,
            probing,
            self.now - 60,
            lambda host: {b"a": "192.0.2.1"}.get(host),
            offline(CONFIG, self.dispatcher, AtOnce()),
            reload_script=lambda: "route.py",
        )


class Transport(StringTransport):
    """One that counts, and tells its protocol when it is aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class Pipe:
    """A server protocol with a raw client."""

    def __init__(self, control: Control, right: Right = Right.FULL) -> None:
        self.clock = Clock()
        self.factory = Clients(partial(ControlProtocol, self.clock, control, Entry((), right)))
        made = self.factory.buildProtocol(None)
        assert isinstance(made, ControlProtocol)
        self.server = made
        self.transport = Transport()
        self.server.makeConnection(self.transport)

    def turn(self) -> None:
        """Let the server do all that waits."""
        while self.clock.getDelayedCalls():
            self.clock.advance(0)

    def send(self, **box: bytes) -> None:
        self.server.dataReceived(amp.AmpBox({name.encode(): value for name, value in box.items()}).serialize())
        self.turn()

    def boxes(self) -> list[amp.AmpBox]:
        """What was answered since the last time, as Twisted reads it."""
        raw = self.transport.value()
        self.transport.clear()
        return list(amp.parseString(raw))


class Pair:
    """A server protocol with Twisted's own AMP client."""

    def __init__(self, control: Control, right: Right = Right.FULL) -> None:
        self.pipe = Pipe(control, right)
        self.client = amp.AMP()
        self._out = StringTransport()
        self.client.makeConnection(self._out)

    def settle(self) -> None:
        """Carry bytes to and fro until nobody has any."""
        while self._out.value() or self.pipe.transport.value():
            sent = self._out.value()
            self._out.clear()
            if sent:
                self.pipe.server.dataReceived(sent)
            self.pipe.turn()
            answered = self.pipe.transport.value()
            self.pipe.transport.clear()
            if answered:
                self.client.dataReceived(answered)

    def result(self, calling: Callable[[], Deferred[Any]]) -> Any:
        """What a call comes to: its answer, or the exception."""
        found: list[Any] = []
        calling().addErrback(lambda failure: failure.value).addCallback(found.append)
        self.settle()
        (only,) = found
        return only
