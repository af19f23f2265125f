"""Room for as many connections as the limits allow: each takes a file descriptor, and a shell gives a thousand."""

from __future__ import annotations

import resource
from collections.abc import Iterable

from dispatch.service.sip_config import Limits

_OTHERS = 256
"""Files, doors, databases, and what Python has open."""


def needed(protocols: Iterable[str], limits: Limits) -> int:
    """How many descriptors the sockets may come to use.

    Args:
        protocols: of each socket that is listened on.
    """
    of_one = 2 * limits.connections + limits.connections_reserved + 1
    return _OTHERS + sum(1 if proto == "udp" else of_one for proto in protocols)


def make_room(wanted: int) -> str:
    """Raise the limit of this process, as far as it may be; what is wrong where that is too little, else nothing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)  # Linux has no infinity here
    allowed = soft
    if soft < wanted:
        allowed = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed >= wanted:
        return ""
    return (
        f"[sip.limits] connections may need {wanted} open files, and this process may have {allowed}: "
        "raise LimitNOFILE of the service, or 'ulimit -Hn', or lower connections"
    )
