"""What a script works on at one step: the one object that functions of a ``kamailio.cfg`` and `KSR` get.

A request has one `Act` from its request route to its last failure route; a branch route and a reply route have one of
their own each, whose `origin` is that of the request. It is the scene that variables are read from, too.

What a method gives back is a bool; codes of the script language are made of it by the functions of
`dispatch.script.functions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING

from dispatch.balance.destination import LocalSocket
from dispatch.proxy.branch import Branch
from dispatch.script.values import Values
from dispatch.sip.edits import Edit
from dispatch.sip.flow import Flow
from dispatch.sip.message import Message

if TYPE_CHECKING:
    from dispatch.proxy.context import Context
    from dispatch.script.route import Request
    from dispatch.script.stage import Stage


class Block(IntFlag):
    """Kinds of route; several of them together say where a function may be called."""

    REQUEST = 1
    FAILURE = 2
    BRANCH = 4
    REPLY = 8  # of a transaction: onreply_route[NAME]
    ANY_REPLY = 16  # reply_route: before the transaction's, and for replies without one
    SEND = 32  # onsend_route
    EVENT = 64
    BRANCH_FAILURE = 128
    ALL = 255


class Exit(Exception):
    """Ends the script for this message: ``exit``, ``drop`` (which sets `Act.is_dropped` before), a function's 0."""


@dataclass(slots=True)
class Aside:
    """A further branch, asked for by ``append_branch``.

    Attributes:
        uri: its Request-URI.
        destination_uri: where it is sent; None: where its Request-URI says.
        q: its place in the order of trying, 0 to 1000; -1 where none is given.
        flags: branch flags.
        socket: what to send from; None: what fits.
    """

    uri: bytes
    destination_uri: bytes | None = None
    q: int = -1
    flags: int = 0
    socket: LocalSocket | None = None


class Act:
    """A message, what a script has made of it so far, and what it can ask for.

    Attributes:
        block: the kind of route that runs.
        stage: what all requests have in common: the dispatcher, parameters of modules, script flags, shared variables.
        message: what the script works on: the request in a request, failure and branch route, the reply in a reply
            route, a made-up request in an event route; always as it was received, changes don't show in it.
        flow: where `message` came from.
        uri: the Request-URI as it is by now (``$ru``), that of the branch in a branch route; empty for a reply.
        destination_uri: where the request is told to go (``$du``); None when nobody said.
        socket: what to send from (``$fs``); None: what fits.
        values: AVPs and the like; those of the transaction, in each of its routes.
        flags: message flags (``setflag``), one bit each; kept with the transaction.
        branch_flags: of the first branch, or of the branch at hand in a branch route.
        code: what the last function or route call gave (``$rc``).
        is_dropped: ``drop`` was called.
        origin: the act of the request; itself in a request and failure route; None for a reply that matches nothing.
        branch: the branch at hand in a branch and reply route, the one that won in a failure route; else None.
        asides: branches asked for by ``append_branch``, until `relay` has sent them.
        edits: changes of `message`, by offset in its bytes; those of a branch route hold for that branch only.
        reply_lines: whole header lines for replies that we make ourselves.
        reply_body: body for these.
        record_route: parameters of our Record-Route, with their semicolons; None: no Record-Route is asked for.
        routed_by: the URI of the Route that `loose_route` has taken off; empty before.
        on_failure: name of the failure route that is armed; empty for none.
        on_branch: name of the branch route that is armed.
        on_reply: name of the reply route that is armed.
        on_branch_failure: name of the branch failure route that is armed.
        error: status of the last failure to send, and what is said of it; see `reply_error`.
        extra: whatever a function wants to keep with the request, by a name of its own.
    """

    __slots__ = (
        "_context",
        "_request",
        "asides",
        "block",
        "branch",
        "branch_flags",
        "code",
        "destination_uri",
        "edits",
        "error",
        "extra",
        "flags",
        "flow",
        "is_dropped",
        "message",
        "on_branch",
        "on_branch_failure",
        "on_failure",
        "on_reply",
        "origin",
        "record_route",
        "reply_body",
        "reply_lines",
        "routed_by",
        "socket",
        "stage",
        "uri",
        "values",
    )

    def __init__(self, stage: Stage, block: Block, message: Message, flow: Flow, origin: Act | None = None) -> None:
        self.stage = stage
        self.block = block
        self.message = message
        self.flow = flow
        self.origin = origin
        self.uri = message.uri
        self.destination_uri: bytes | None = None
        self.socket: LocalSocket | None = None
        self.values = Values() if origin is None else origin.values
        self.flags = 0 if origin is None else origin.flags
        self.branch_flags = 0
        self.code = 1
        self.is_dropped = False
        self.branch: Branch | None = None
        self.asides: list[Aside] = []
        self.edits: list[Edit] = []
        self.reply_lines: list[bytes] = []
        self.reply_body = b""
        self.record_route: bytes | None = None
        self.routed_by = b""
        self.on_failure = self.on_branch = self.on_reply = self.on_branch_failure = ""
        self.error: tuple[int, bytes] = (500, b"")
        self.extra: dict[str, object] = {}
        self._context: Context | None = None
        self._request: Request | None = None

    # -- of the message

    @property
    def method(self) -> bytes:
        """Of the request; of a reply that of its CSeq."""
        raise NotImplementedError

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID."""
        raise NotImplementedError

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that (long, lower case) name in `message`; None when there is none."""
        raise NotImplementedError

    @property
    def source(self) -> tuple[str, int]:
        """Address and port that `message` came from."""
        raise NotImplementedError

    @property
    def received_at(self) -> tuple[str, int]:
        """Address and port of ours that it came to."""
        raise NotImplementedError

    @property
    def protocol(self) -> bytes:
        """What it came by: ``udp``, ``tcp`` ..."""
        raise NotImplementedError

    @property
    def request(self) -> Request:
        """The request with what the native API says of it: select, next, mark, call load (``ds_...``).

        Raises:
            LookupError: there is no request (a reply that matches no transaction, an event).
        """
        raise NotImplementedError

    @property
    def request_message(self) -> Message | None:
        """The request of the transaction (``$T_req``); None without one."""
        raise NotImplementedError

    @property
    def reply_message(self) -> Message | None:
        """The reply at hand (``$T_rpl``): of a reply route, or the one that won in a failure route; else None."""
        raise NotImplementedError

    @property
    def status(self) -> int:
        """``$T_reply_code``: of the reply at hand, or of the winner in a failure route, where silence is 408.

        In a request route of what was sent upstream last; 0 without any.
        """
        raise NotImplementedError

    def is_myself(self, uri: bytes) -> bool:
        """Whether host and port of a URI are a socket or an alias of ours."""
        raise NotImplementedError

    # -- changes of headers: of the request that is sent on, of the reply that is passed upstream

    def append_header(self, lines: bytes, after: bytes = b"") -> bool:
        """Add whole lines behind the first header of that name, else behind the last header.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        raise NotImplementedError

    def insert_header(self, lines: bytes, before: bytes = b"") -> bool:
        """Add whole lines in front of the first header of that name, else of the first header.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        raise NotImplementedError

    def remove_header(self, name: bytes | re.Pattern[bytes]) -> int:
        """Take all headers of that name away (any case, compact forms known); gives how many there were."""
        raise NotImplementedError

    def replace(self, start: int, stop: int, text: bytes) -> None:
        """Put `text` for these bytes of `message`."""
        raise NotImplementedError

    def set_body(self, body: bytes, content_type: bytes = b"") -> None:
        """Put another body in place, with its Content-Length (and Content-Type where one is given)."""
        raise NotImplementedError

    def append_to_reply(self, lines: bytes) -> None:
        """Add whole lines to every reply that we make to this request.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        raise NotImplementedError

    def apply_changes(self) -> None:
        """Make all changes now: `message` is read anew, and shows them (``msg_apply_changes``)."""
        raise NotImplementedError

    def set_status(self, status: int, reason: bytes) -> None:
        """Pass the reply at hand upstream with another status (``change_reply_status``)."""
        raise NotImplementedError

    # -- what becomes of the request

    def append_branch(self, uri: bytes | None = None, destination_uri: bytes | None = None, q: int = -1) -> bool:
        """A further branch for the next `relay`: to `uri`, else as the request is by now."""
        raise NotImplementedError

    def relay(self) -> bool:
        """Send the request to `destination_uri`, else where `uri` says, and to `asides`; see it through (``t_relay``).

        In a request route it makes the transaction; in a failure route it adds branches to it. An ACK goes out
        without. A CANCEL whose INVITE is known is answered by 200 and cancels its branches; one of nothing known is
        sent on without memory.

        Returns:
            False when nothing could be sent: `error` says why. A request that was neither answered nor relayed
            nor otherwise ended by then gets that error when the route ends, where `replies_to_errors` is set.
        """
        raise NotImplementedError

    def forward(self, host: bytes = b"", port: int = 0, protocol: bytes = b"") -> bool:
        """Send the request on without memory: to host and port where given, else as `relay` does (``forward``)."""
        raise NotImplementedError

    def reply(self, status: int, reason: bytes = b"") -> bool:
        """Answer the request, through its transaction if it has one, else without memory (``send_reply``, ``t_reply``
        once there is a transaction, ``sl_send_reply``). In a failure route it replaces what would go upstream.

        Returns:
            False where nothing is sent: to an ACK, to what is answered already.

        Raises:
            ValueError: status or reason can't stand in a status line.
        """
        raise NotImplementedError

    def reply_error(self) -> bool:
        """Answer by the last `error` (``sl_reply_error``); 500 where none happened."""
        raise NotImplementedError

    def new_transaction(self) -> bool:
        """Make the transaction without sending anything (``t_newtran``); False when it is there already."""
        raise NotImplementedError

    @property
    def has_transaction(self) -> bool:
        """Whether the request has a transaction (made by `relay` or `new_transaction`)."""
        raise NotImplementedError

    def is_known(self) -> bool:
        """``t_check_trans`` and its like: whether the request belongs to a transaction of ours.

        Copies and ACKs of refusals never get to a script. So it is True for a CANCEL whose INVITE is known, for the ACK
        of a 2xx that was passed up not long ago, and wherever the transaction is at hand; else False.
        """
        raise NotImplementedError

    def release(self) -> None:
        """Forget a transaction that was made but neither relayed nor answered (``t_release``)."""
        raise NotImplementedError

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller sent CANCEL (``t_is_canceled``)."""
        raise NotImplementedError

    @property
    def branches(self) -> list[Branch]:
        """Every branch that was sent so far, those of earlier tries included."""
        raise NotImplementedError

    def cancel_branches(self) -> None:
        """Ask every branch that rings to stop (``t_cancel_branches``)."""
        raise NotImplementedError

    def set_timers(self, fr_inv: float | None = None, fr: float | None = None) -> None:
        """Seconds for the branches to come (``t_set_fr``); None leaves one as it is."""
        raise NotImplementedError

    def reset_timers(self) -> None:
        """As configured again (``t_reset_fr``)."""
        raise NotImplementedError

    def force_rport(self) -> None:
        """Answer to the port that the request came from, whatever its Via says (``force_rport``)."""
        raise NotImplementedError

    # -- Route and Record-Route

    def loose_route(self) -> bool:
        """Follow our own Route (``loose_route``): it is taken off, the next one becomes `destination_uri`.

        A Route that is not ours is not followed: we are no open relay.
        """
        raise NotImplementedError

    def add_record_route(self, parameters: bytes = b"") -> bool:
        """Stay in the path (``record_route``); False when that was asked for before.

        Args:
            parameters: with their semicolons.
        """
        raise NotImplementedError

    def add_record_route_parameters(self, parameters: bytes) -> bool:
        """More parameters for our Record-Route, asked for before or after (``add_rr_param``)."""
        raise NotImplementedError

    # -- routes

    def arm(self, block: Block, name: str) -> None:
        """Run that route when its time comes: of FAILURE, BRANCH, REPLY or BRANCH_FAILURE. Empty or ``0`` disarms."""
        raise NotImplementedError

    def armed(self, block: Block) -> str:
        """The name of the route that is armed (``t_is_set``); empty for none."""
        raise NotImplementedError

    # -- what the stage has

    def parameter(self, module: str, name: str, default: int) -> int:
        """A number that ``modparam`` has set."""
        raise NotImplementedError

    def text_parameter(self, module: str, name: str, default: bytes = b"") -> bytes:
        """A text that ``modparam`` has set."""
        raise NotImplementedError


Parameters = Mapping[tuple[str, str], int | bytes]
"""By module and name, as ``modparam`` has set them."""
