"""Hosts: one spelling for each address, and the brackets of IPv6 (RFC 3261 §25.1, ``hostport``)."""

from __future__ import annotations

import ipaddress


def canonical(host: str) -> str | None:
    """The address that a host is, as the kernel spells it; None where it is none, but a name.

    IPv6 has no brackets, is compressed and in lower case (RFC 5952); an IPv4 address inside an IPv6 one is IPv4
    (RFC 5118 §4.9: ``::ffff:192.0.2.1`` is the very same peer).
    """
    if host[:1] == "[" and host[-1:] == "]":
        host = host[1:-1]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)


def bracketed(host: str) -> str:
    """An address or name as it stands in a URI or Via."""
    return f"[{host}]" if ":" in host else host


def host_port(host: str, port: int) -> str:
    """``host:port``, an IPv6 address in brackets."""
    return f"{bracketed(host)}:{port}"


def comparable(host: bytes) -> bytes:
    """The host of a URI such that equal hosts are equal bytes: names in lower case, addresses in one spelling."""
    if host[:1] != b"[":
        return host.lower()
    address = canonical(host.decode("latin-1"))
    return bracketed(address).encode() if address is not None else host.lower()
