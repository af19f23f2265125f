"""What a script wants of one request beyond where it goes; the built-in route has none of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dispatch.proxy import response as response_
from dispatch.proxy.branch import Branch
from dispatch.sip.edits import Edit
from dispatch.sip.flow import Listener
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers

if TYPE_CHECKING:
    from dispatch.sip.client_transaction import ClientTransaction

Replied = Callable[[Branch, Message], bool]
"""Called with each response of a branch; False drops it, which works for provisional ones only."""


class Steering:
    """How one request is handled otherwise than the built-in route would have it.

    Attributes:
        branches: all that it was sent to, tries before included.
        edits: changes for every branch.
        record_route: makes the Record-Route lines for the socket that it leaves by; None: as `Context` does.
        counts_hops: Max-Forwards is counted down for the script.
        forgets_tries: once a failure handler has added a branch, what the tries before said counts no more
            (`failure_reply_mode` 3); and every failure is shown to the handler, also a 6xx or that of a cancelled call.
        remaps_503: a 503 goes up as 500 (`remap_503_500`).
        stops_at_6xx: a 6xx cancels the other branches.
        timers: durations for the branches to come; None: those of all.
        on_reply: hears of every response.
        on_cancel: told that the caller hung up, before anything else happens.
        reply_headers: whole lines for the responses that the proxy makes by itself.
    """

    __slots__ = (
        "_by_client",
        "_first",
        "branches",
        "counts_hops",
        "edits",
        "forgets_tries",
        "on_cancel",
        "on_reply",
        "record_route",
        "remaps_503",
        "reply_headers",
        "stops_at_6xx",
        "timers",
    )

    def __init__(self) -> None:
        self.branches: list[Branch] = []
        self.edits: list[Edit] = []
        self.record_route: Callable[[Listener], bytes] | None = None
        self.counts_hops = True
        self.forgets_tries = False
        self.remaps_503 = True
        self.stops_at_6xx = True
        self.timers: Timers | None = None
        self.on_reply: Replied | None = None
        self.on_cancel: Callable[[], None] | None = None
        self.reply_headers = b""
        self._by_client: dict[ClientTransaction, Branch] = {}
        self._first = 0  # of the try at hand

    def begins(self, client: ClientTransaction, branch: Branch) -> None:
        """A branch goes out by this transaction."""
        branch.flow, branch.is_ended = client.flow, False
        self._by_client[client] = branch

    def begin_try(self) -> None:
        """The branches from here on are a try of their own."""
        self._first = len(self.branches)

    def replied(self, client: ClientTransaction, response: Message) -> bool:
        """A response came; False: a provisional one goes no further."""
        branch = self._by_client.get(client)
        if branch is None:
            return True
        branch.status, branch.reply = response.status, response
        branch.has_replied = True
        branch.is_ended = response.status >= 200
        return self.on_reply is None or self.on_reply(branch, response)

    def failed(self, client: ClientTransaction, status: int) -> None:
        """No response will come."""
        branch = self._by_client.get(client)
        if branch is not None:
            branch.status, branch.reply = status, None
            branch.is_timeout = status == 408
            branch.is_ended = True

    @property
    def winner(self) -> Branch | None:
        """Whose failure speaks for the try at hand (§16.7 step 6): silence counts as a 408, the lowest code wins."""
        ended = [one for one in self.branches[self._first :] if one.is_ended]
        return min(ended, key=_rank) if ended else None

    def upwards(self, branch: Branch, *, by_stream: bool = False) -> tuple[int, bytes]:
        """Status and bytes of what a branch said, as it goes up; no bytes where it said nothing.

        Args:
            by_stream: see `response.without_via`.
        """
        reply = branch.reply
        if reply is None:
            return (500 if branch.status == 503 else branch.status), b""
        if reply.status != 503 or not self.remaps_503:
            return reply.status, response_.without_via(reply, by_stream=by_stream)
        status_line = (8, reply.raw.find(b"\r\n"), b"500 Service Unavailable")  # in the words of the original
        reply.edits = [*(reply.edits or ()), status_line]
        return 500, response_.without_via(reply, by_stream=by_stream)


def _rank(branch: Branch) -> tuple[tuple[int, int, int, int], int]:
    return response_.rank(branch.status), branch.status
