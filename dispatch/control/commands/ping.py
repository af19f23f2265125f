"""`ping`: whether the service answers, or a destination, now; no state is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from dispatch.balance.destination import Destination
from dispatch.control.command import Argument, BadValue, Command, Control, Door
from dispatch.control.finding import find
from dispatch.control.pinging import Echo
from dispatch.control.text import to_text
from dispatch.errors import UnknownDestination


@dataclass(frozen=True, slots=True)
class Pinged:
    """What came of it.

    Attributes:
        set: as asked; -1 for the service itself.
        uri: as the list has it; empty for the service itself.
        sent_to: transport, address and port; empty where no way leads there.
        status: of the answer; 0 for none.
        text: its reason phrase; why there is no answer; the version of the service itself.
        microseconds: from the request to the answer; -1 without one, 0 for the service itself.
    """

    set: int
    uri: str
    sent_to: str
    status: int
    text: str
    microseconds: int


def run(control: Control, set: int | None = None, uri: str | None = None) -> Any:
    """Ask.

    Raises:
        UnknownDestination: there is none.
        BadValue: a set, and no destination.
    """
    if set is None:
        return Pinged(-1, "", "", 200, f"dispatch {control.version}", 0)
    if uri is None:
        raise BadValue("argument 'uri' is missing: name the destination too, as 'list' shows it")
    destination = find(control, set, uri)
    return control.ping(destination).addCallback(_pinged, destination)


def _pinged(echo: Echo, destination: Destination) -> Pinged:
    took = round(echo.seconds * 1_000_000) if echo.status else -1
    return Pinged(destination.group, to_text(destination.uri), echo.sent_to, echo.status, echo.text, took)


def _sentence(one: Pinged) -> str:
    if not one.uri:
        return f"{one.text} is there"
    by = f" ({one.sent_to})" if one.sent_to else ""
    if not one.status:
        return f"set {one.set} {one.uri}{by}: {one.text}"
    return f"set {one.set} {one.uri}{by}: {one.status} {one.text} after {one.microseconds / 1000:.1f} ms"


PING: Final = Command(
    names={Door.AMP: "ping", Door.CTL: "ping"},
    help="tell whether the service answers, or a destination, which gets a probe now; no state is changed",
    arguments=(
        Argument("set", int, "id of the set", optional=True),
        Argument("uri", str, "the destination, as listed", optional=True),
    ),
    run=run,
    answer=Pinged,
    errors=(UnknownDestination,),
    sentence=_sentence,
)
