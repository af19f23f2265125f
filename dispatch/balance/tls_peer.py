"""Who is expected at the other end of TLS: what the list says of a destination, or the name that led there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from dispatch.balance.destination import Destination
from dispatch.balance.membership import Membership, literal
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Flow, Peer

NAME: Final[bytes] = b"tls_name"
"""Attribute: the SIP domain that the certificate of a destination must be for; without it the host of its URI."""

VERIFY: Final[bytes] = b"tls_verify"
"""Attribute: ``no`` takes whoever is there for the destination."""

_TLS: Final = b"TLS"
_UNSAID: Final = (b"TLS", b"UDP")  # transports of destinations that may turn out to be TLS
_PORT: Final = 5061
_DOMAIN: Final = re.compile(rb"(?=.{1,254}\Z)[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_.])?")  # what SNI takes


def of_destination(destination: Destination, *, verifies: bool) -> Peer:
    """Who a destination must be: the domain that the list has, whatever machine answers for it (RFC 5922 §7.2).

    Args:
        destination: reached by TLS.
        verifies: what ``[sip.tls] verify_server`` says.
    """
    name = destination.attributes.get(NAME) or _listed_host(destination)
    return Peer(_domain(name), verifies and destination.attributes.get(VERIFY) != b"no")


def of_place(membership: Membership, host: bytes, address: str, port: int, *, verifies: bool) -> Peer:
    """Who is expected where a URI or Via leads.

    A destination is known by its name, and by its address too: what it calls itself in a Contact is often that.

    Args:
        membership: the list in force.
        host: as written.
        address: what it stands for, in the usual spelling.
        port: there.
        verifies: what ``[sip.tls] verify_server`` says.
    """
    members = [*membership.at(address)]
    if literal(host) is None:
        members = [*membership.named(host), *(one for one in members if _listed_host(one).lower() == host.lower())]
    for destination in _listening(members, port):
        return of_destination(destination, verifies=verifies)
    return Peer(_domain(host), verifies)


def reached_by(destinations: Iterable[Destination], flow: Flow, *, verifies: bool) -> list[Destination]:
    """The destinations that the other end of a flow should be."""
    address, port = flow.remote
    there = [one for one in destinations if literal(one.host) in (address, None)]
    return [one for one in _listening(there, port) if of_destination(one, verifies=verifies) == flow.peer]


def _listening(destinations: Iterable[Destination], port: int) -> list[Destination]:
    """Those that listen there by what the list says; where none does, those whose port and transport DNS tells."""
    found = list(destinations)
    said = [one for one in found if one.transport == _TLS and (one.port or _PORT) == port]
    return said or [one for one in found if not one.port and one.transport in _UNSAID and literal(one.host) is None]


def _listed_host(destination: Destination) -> bytes:
    """The host that the list has, also of one of the machines that answer for it."""
    if destination.listed_uri is destination.uri:
        return destination.host
    parsed = sip_uri.parse(destination.listed_uri)
    return parsed.host if parsed is not None else destination.host


def oddities(destination: Destination) -> Iterator[str]:
    """What is wrong with these attributes, or is to be known about them."""
    named = destination.attributes
    verify, name = named.get(VERIFY), named.get(NAME)
    if (verify is not None or name is not None) and destination.transport != _TLS:
        yield "tls_name and tls_verify mean nothing without TLS; write 'sips:' or ';transport=tls' in its URI"
    if verify == b"no":
        yield "tls_verify=no: whoever answers at its address gets its calls, and can hear them"
    elif verify not in (None, b"yes"):
        yield f"tls_verify is {verify[:40]!r}, taken for yes; write yes or no"
    if name is not None and not _domain(name):
        yield f"tls_name {name[:80]!r} is no domain that a certificate can be for; write e.g. tls_name=gw.example.com"


def _domain(host: bytes) -> str:
    """The domain that a host is, in lower case; empty for an address, and for what no certificate can be for."""
    return "" if literal(host) is not None or not _DOMAIN.fullmatch(host) else host.decode("ascii").lower()
