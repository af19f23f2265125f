"""A client of the AMP door, for programs on Twisted.

    client = await connect(clientFromString(reactor, "unix:/run/dispatch/amp.sock"))
    for one in await client.call("list", set=1):
        print(one.uri, one.state)
    await client.call("set_state", set=1, uri="sip:192.0.2.21", state="d")
    client.close()

Errors are those of the service: `UnknownDestination`, `BadValue`, `ListRefused` ...; `UnknownCommand` when the service
does not know the command, `ConnectionLost` when it went away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import fields
from typing import Any, Final, cast, get_type_hints

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.protocols import amp

from dispatch.control.boxes import split
from dispatch.control.command import ALWAYS, CODES, Command, Door
from dispatch.control.commands import TABLE
from dispatch.control.text import to_bytes, to_text
from dispatch.errors import DispatchError


class UnknownCommand(DispatchError, LookupError):
    """The service has no such command."""


class ServiceFailed(DispatchError):
    """The service could not do it; its log says why."""


class _Text(amp.Argument):
    """Text of which some bytes may be no UTF-8, however long."""

    def fromString(self, inString: bytes) -> str:  # noqa: N803  # Twisted's name
        return to_text(inString)

    def toString(self, inObject: str) -> bytes:  # noqa: N803  # Twisted's name
        return to_bytes(inObject)


class _Texts(amp.ListOf):
    def __init__(self) -> None:
        super().__init__(_Text())

    def fromString(self, inString: bytes) -> tuple[str, ...]:  # noqa: N803  # Twisted's name
        return tuple(super().fromString(inString))


class _Long(amp.Argument):
    """Bytes that may need several values."""

    def toBox(self, name: bytes, strings: dict[bytes, bytes], objects: dict[str, Any], proto: object) -> None:
        value = self.retrieve(objects, name.decode(), proto)
        if value is not None:
            strings.update(split(name, value))


_SENT: Final[dict[type, Callable[..., amp.Argument]]] = {int: amp.Integer, str: _Text, bytes: _Long}
_RECEIVED: Final[dict[Any, Callable[[], amp.Argument]]] = {
    int: amp.Integer,
    bool: amp.Boolean,
    str: _Text,
    tuple[str, ...]: _Texts,
}


def amp_command(row: Command) -> type[amp.Command]:
    """The row as a class for `callRemote`."""
    name = row.names[Door.AMP].encode()
    hints = get_type_hints(row.answer)
    answer = [(field.name.encode(), _RECEIVED[hints[field.name]]()) for field in fields(row.answer)]
    arguments = [(one.name.encode(), _SENT[one.kind](optional=one.optional)) for one in row.arguments]
    if row.is_listing:
        answer = [(b"rows", amp.AmpList(answer)), (b"page", _Text(optional=True))]
        arguments.append((b"page", _Text(optional=True)))
    errors: dict[type[Exception], bytes] = {error: CODES[error].encode() for error in (*ALWAYS, *row.errors)}
    errors[ServiceFailed] = amp.UNKNOWN_ERROR_CODE
    made = type(
        row.names[Door.AMP],
        (amp.Command,),
        {"commandName": name, "arguments": arguments, "response": answer, "errors": errors},
    )
    return cast(type[amp.Command], made)


COMMANDS: Final = {row.names[Door.AMP]: (row, amp_command(row)) for row in TABLE if Door.AMP in row.names}
"""Row and AMP class by name."""


class Client:
    """A connection to a service.

    Args:
        protocol: connected.
    """

    def __init__(self, protocol: amp.AMP) -> None:
        self._protocol = protocol

    @inlineCallbacks
    def call(self, name: str, /, **arguments: object) -> Generator[Deferred[Any], Any, Any]:
        """Have a command done.

        Args:
            name: of the command, as the AMP door calls it.
            arguments: by name; None leaves an optional one out.

        Returns:
            Deferred of the answer, a dataclass of `dispatch.control.commands`; of a listing, the list of all records.
        """
        records: list[Any] = []
        answer = yield self.follow(name, records.append, **arguments)
        return records if answer is None else answer

    @inlineCallbacks
    def follow(
        self, name: str, each: Callable[[Any], object], /, **arguments: object
    ) -> Generator[Deferred[Any], Any, Any]:
        """Have a command done whose listing may be long, or go on.

        Args:
            name: of the command.
            each: called with each record, as it comes.
            arguments: by name.

        Returns:
            Deferred that fires at the end of the listing, with None; with the answer of what is no listing.
        """
        row, command = COMMANDS[name]
        try:
            answer = yield self._protocol.callRemote(command, **arguments)
            if not row.is_listing:
                return row.answer(**answer)
            while True:
                for one in answer["rows"]:
                    each(row.answer(**one))
                if answer["page"] is None:
                    return None
                answer = yield self._protocol.callRemote(command, page=answer["page"])
        except amp.UnhandledCommand as error:
            raise UnknownCommand(error.args[-1]) from None

    def close(self) -> None:
        """End the connection, after what was sent."""
        transport: Any = self._protocol.transport
        transport.loseConnection()


def connect(endpoint: IStreamClientEndpoint) -> Deferred[Client]:
    """A client at the other end of `endpoint`, or the reason why it can't be reached."""
    connecting: Deferred[Any] = endpoint.connect(Factory.forProtocol(amp.AMP))
    return connecting.addCallback(Client)
