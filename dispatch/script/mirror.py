"""The AVPs that show the failover list, and through which a script may change it (``dst_avp`` and its like)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.balance.destination import Destination
from dispatch.script.values import Values, text
from dispatch.sip.host import host_port


@dataclass(frozen=True, slots=True)
class Mirror:
    """Names of AVPs, as `Values` has them; empty where a parameter is not set.

    The list itself is inside the selection. What stands here is a copy of it, until a script writes something else into
    `dst`: from then on that counts.

    Attributes:
        dst: URIs, the one in use first.
        grp: the set, one value for each selection.
        cnt: how many destinations the selection kept.
        dstid: the `duid` of each one, where calls are counted.
        attrs: attributes of each one that has some.
        sock: local socket of each one that has one.
        xavp_dst: XAVP with a root for each one: `uri`, `grp`, and `duid`, `attrs`, `sockstr` where it has them.
        xavp_ctx: XAVP with `cnt`, how many destinations the selection kept.
    """

    dst: str = ""
    grp: str = ""
    cnt: str = ""
    dstid: str = ""
    attrs: str = ""
    sock: str = ""
    xavp_dst: str = ""
    xavp_ctx: str = ""

    def begin(self, values: Values, group: int, count: int | None) -> None:
        """A selection was made."""
        if self.grp:
            values.push(self.grp, b"%d" % group)
        if self.cnt and count is not None:
            values.push(self.cnt, b"%d" % count)
        if self.xavp_ctx and count is not None:
            values.xavps.setdefault(self.xavp_ctx, []).insert(0, {"cnt": count})

    def show(self, values: Values, records: Sequence[Destination], *, counted: bool) -> None:
        """Put the list, as it is now, in place of what was there.

        Args:
            values: of the request.
            records: the list.
            counted: whether calls are counted.
        """
        for name, texts in (
            (self.dst, [one.uri for one in records]),
            (self.dstid, [one.duid for one in records] if counted else []),
            (self.attrs, [one.attrs for one in records if one.attrs]),
            (self.sock, [_socket(one) for one in records if one.socket is not None]),
        ):
            if name:
                values.replace(name, texts)
        if self.xavp_dst:
            values.xavps[self.xavp_dst] = [_root(one) for one in records]

    def is_changed(self, values: Values, records: Sequence[Destination]) -> bool:
        """Whether a script has written another list."""
        return bool(self.dst) and values.avps.get(self.dst, []) != [one.uri for one in records]

    def step(self, values: Values) -> bytes | None:
        """Go on in the list that a script wrote: its next URI; None at its end."""
        for name in (self.dst, self.dstid, self.attrs, self.sock):
            if name:
                values.push(name, None)
        return self.first(values)

    def first(self, values: Values) -> bytes | None:
        """The URI in use in the list that a script wrote; None where it is empty."""
        found = values.avp(self.dst)
        return text(found) if found is not None else None

    def group(self, values: Values, otherwise: int) -> int:
        """The set of it."""
        found = text(values.avp(self.grp)) if self.grp else b""
        return int(found) if found.isdigit() else otherwise


def _root(destination: Destination) -> dict[str, bytes | int]:
    root: dict[str, bytes | int] = {"grp": destination.group, "uri": destination.uri}
    if destination.duid:
        root["duid"] = destination.duid
    if destination.attrs:
        root["attrs"] = destination.attrs
    if destination.socket is not None:
        root["sockstr"] = _socket(destination)
    return root


def _socket(destination: Destination) -> bytes:
    assert destination.socket is not None
    proto, host, port = destination.socket
    return f"{proto}:{host_port(host, port)}".encode()
