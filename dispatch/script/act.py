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
from typing import TYPE_CHECKING, Final

from dispatch.balance.destination import LocalSocket
from dispatch.proxy.branch import Branch
from dispatch.script import editing, relaying
from dispatch.script.values import Values
from dispatch.sip import edits
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


_ARMED: Final = {
    Block.FAILURE: "on_failure",
    Block.BRANCH: "on_branch",
    Block.REPLY: "on_reply",
    Block.BRANCH_FAILURE: "on_branch_failure",
}


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
        record_route: parameters of our Record-Route, with their semicolons; None where there are none.
        routed_by: the URI of the Route that `loose_route` has taken off; empty before.
        routed_to: the URI that the next Route, or the request, is sent to by it; empty before.
        on_failure: name of the failure route that is armed; empty for none.
        on_branch: name of the branch route that is armed.
        on_reply: name of the reply route that is armed.
        on_branch_failure: name of the branch failure route that is armed.
        is_recording: `add_record_route` was called.
        route_cuts: what `loose_route` takes off.
        fr: seconds that a branch may stay silent (``fr_timer``); None: as configured.
        fr_inv: seconds that it may ring (``fr_inv_timer``); None: as configured.
        error: status and reason when the last `relay` could not send; None when it could. See `reply_error`.
        last_status: of the reply that was sent upstream last; 0 before.
        is_done: it was answered for good, or forwarded without memory.
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
        "fr",
        "fr_inv",
        "is_done",
        "is_dropped",
        "is_recording",
        "last_status",
        "message",
        "on_branch",
        "on_branch_failure",
        "on_failure",
        "on_reply",
        "origin",
        "record_route",
        "reply_body",
        "reply_lines",
        "route_cuts",
        "routed_by",
        "routed_to",
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
        self.values: Values = Values() if origin is None else origin.values
        self.flags: int = 0 if origin is None else origin.flags
        self.branch_flags = 0
        self.code = 1
        self.is_dropped = False
        self.branch: Branch | None = None
        self.asides: list[Aside] = []
        self.edits: list[Edit] = []
        self.reply_lines: list[bytes] = []
        self.reply_body = b""
        self.record_route: bytes | None = None
        self.routed_by = self.routed_to = b""
        self.on_failure = self.on_branch = self.on_reply = self.on_branch_failure = ""
        self.error: tuple[int, bytes] | None = None
        self.last_status = 0
        self.fr: float | None = None
        self.fr_inv: float | None = None
        self.is_done = False
        self.is_recording = False
        self.route_cuts: list[Edit] = []
        self.extra: dict[str, object] = {}
        self._context: Context | None = None
        self._request: Request | None = None

    def begin(self, context: Context) -> None:
        """This is the act of a request: Route headers are followed only if the script says so."""
        self.origin = self
        self._context = context
        self.route_cuts, context.routing.cuts = context.routing.cuts, []

    def beside(self, one: Aside, branch: Branch) -> Act:
        """The act of a branch route."""
        act = Act(self.stage, Block.BRANCH, self.message, self.flow, self)
        act.uri, act.destination_uri, act.socket = one.uri, one.destination_uri, one.socket
        act.branch, act.branch_flags = branch, one.flags
        act._context = self._context
        return act

    def of_reply(self, branch: Branch, reply: Message) -> Act:
        """The act of a reply route of the transaction."""
        act = Act(self.stage, Block.REPLY, reply, branch.flow or self.flow, self)
        act.branch = branch
        act._context = self._context
        act.edits = list(reply.edits or ())
        return act

    @property
    def reply_headers(self) -> bytes:
        """The lines for replies that we make.

        Raises:
            ValueError: together they are no header lines.
        """
        return editing.whole_lines(b"".join(self.reply_lines)) if self.reply_lines else b""

    @property
    def main(self) -> Aside:
        """The first branch: the request as it is by now."""
        return Aside(self.uri, self.destination_uri, -1, self.branch_flags, self.socket)

    @property
    def context(self) -> Context:
        """The request as the proxy has it.

        Raises:
            LookupError: there is none: a reply without a transaction, an event.
        """
        context = self._requester()._context
        if context is None:
            raise LookupError("there is no request that something could become of here")
        return context

    def _requester(self) -> Act:
        """The act of the request."""
        if self.origin is None:
            raise LookupError("there is no request here: the reply matches no transaction")
        return self.origin

    # -- of the message

    @property
    def method(self) -> bytes:
        """Of the request; of a reply that of its CSeq."""
        return self.message.method or self.message.cseq[1]

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID."""
        return self.message.call_id

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that (long, lower case) name in `message`; None when there is none."""
        return self.message.header(name)

    @property
    def source(self) -> tuple[str, int]:
        """Address and port that `message` came from."""
        return self.flow.remote

    @property
    def received_at(self) -> tuple[str, int]:
        """Address and port of ours that it came to."""
        listener = self.flow.listener
        return listener.host, listener.port

    @property
    def protocol(self) -> bytes:
        """What it came by: ``udp``, ``tcp`` ..."""
        return self.flow.listener.transport.name.lower()

    @property
    def request(self) -> Request:
        """The request with what the native API says of it: select, next, mark, call load (``ds_...``).

        Raises:
            LookupError: there is no request (a reply that matches no transaction, an event).
        """
        origin = self._requester()
        if origin._request is None:
            origin._request = self.stage.request_of(origin)
        return origin._request

    @property
    def request_message(self) -> Message | None:
        """The request of the transaction (``$T_req``); None without one."""
        return self.origin.message if self.origin is not None else None

    @property
    def reply_message(self) -> Message | None:
        """The reply at hand (``$T_rpl``): of a reply route, or the one that won in a failure route; else None."""
        if not self.message.is_request:
            return self.message
        return self.branch.reply if self.branch is not None else None

    @property
    def status(self) -> int:
        """``$T_reply_code``: of the reply at hand, or of the winner in a failure route, where silence is 408.

        In a request route of what was sent upstream last; 0 without any.
        """
        if not self.message.is_request:
            return self.message.status
        if self.branch is not None and self.block is Block.FAILURE:
            return self.branch.status
        return self.last_status

    def is_myself(self, uri: bytes) -> bool:
        """Whether host and port of a URI are a socket or an alias of ours."""
        return self.stage.is_myself(uri)

    # -- changes of headers: of the request that is sent on, of the reply that is passed upstream

    def append_header(self, lines: bytes, after: bytes = b"") -> bool:
        """Add whole lines behind the first header of that name, else behind the last header.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        self.edits.append(editing.append(self.message, lines, after))
        return True

    def insert_header(self, lines: bytes, before: bytes = b"") -> bool:
        """Add whole lines in front of the first header of that name, else of the first header.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        self.edits.append(editing.insert(self.message, lines, before))
        return True

    def remove_header(self, name: bytes | re.Pattern[bytes]) -> int:
        """Take all headers of that name away (any case, compact forms known); gives how many there were."""
        edits = editing.remove(self.message, name)
        self.edits += edits
        return len(edits)

    def replace(self, start: int, stop: int, text: bytes) -> None:
        """Put `text` for these bytes of `message`."""
        self.edits.append((start, stop, text))

    def set_body(self, body: bytes, content_type: bytes = b"") -> None:
        """Put another body in place, with its Content-Length (and Content-Type where one is given)."""
        self.edits += editing.body(self.message, body, content_type)

    def append_to_reply(self, lines: bytes) -> None:
        """Add whole lines to every reply that we make to this request; a line without end goes on with the next text.

        Raises:
            ValueError: this is no header line, or it would end the headers.
        """
        self._requester().reply_lines.append(editing.loose_lines(lines))

    def apply_changes(self) -> None:
        """Make all changes now: `message` is read anew, and shows them (``msg_apply_changes``)."""
        message = Message(edits.apply(self.message.raw, self.edits))
        self.edits = []
        if self._context is not None and self.origin is self:
            self.route_cuts = self._context.reread(message)
        self.message = message

    def set_status(self, status: int, reason: bytes) -> None:
        """Pass the reply at hand upstream with another status (``change_reply_status``)."""
        self.edits.append(editing.status_line(self.message, status, reason))

    # -- what becomes of the request

    def append_branch(self, uri: bytes | None = None, destination_uri: bytes | None = None, q: int = -1) -> bool:
        """A further branch for the next `relay`: to `uri`, else as the request is by now."""
        self.asides.append(Aside(uri or self.uri, destination_uri, q, self.branch_flags, self.socket))
        return True

    def relay(self) -> bool:
        """Send the request to `destination_uri`, else where `uri` says, and to `asides`; see it through (``t_relay``).

        In a request route it makes the transaction; in a failure route it adds branches to it. An ACK goes out
        without. A CANCEL whose INVITE is known is answered by 200 and cancels its branches; one of nothing known is
        sent on without memory.

        Returns:
            False when nothing could be sent: `error` says why. A request that was neither answered nor relayed
            nor otherwise ended by then gets that error when the route ends, where `replies_to_errors` is set.
        """
        return relaying.relay(self._requester())

    def forward(self, host: bytes = b"", port: int = 0, protocol: bytes = b"") -> bool:
        """Send the request on without memory: to host and port where given, else as `relay` does (``forward``)."""
        return relaying.forward(self._requester(), host, port, protocol)

    def reply(self, status: int, reason: bytes = b"") -> bool:
        """Answer the request, through its transaction if it has one, else without memory (``send_reply``, ``t_reply``
        once there is a transaction, ``sl_send_reply``). In a failure route it replaces what would go upstream.

        Returns:
            False where nothing is sent: to an ACK, to what is answered already.

        Raises:
            ValueError: status or reason can't stand in a status line.
        """
        origin = self._requester()
        context = origin._context
        if context is None or context.message.method == b"ACK":
            return False
        if not 100 <= status < 700:
            raise ValueError(f"{status} is no status; write one from 100 to 699")
        if context.server.is_answered if context.server is not None else origin.is_done:
            return False
        headers = origin.reply_headers
        if context.steering is not None:
            context.steering.reply_headers, headers = headers, b""
        context.reply(status, editing.reason(reason), headers, origin.reply_body)
        origin.last_status = status
        origin.is_done = origin.is_done or status >= 200
        return True

    def reply_error(self) -> bool:
        """Answer by the last `error` (``sl_reply_error``); 500 where none happened."""
        return self.reply(*(self._requester().error or relaying.UNKNOWN))

    def new_transaction(self) -> bool:
        """Make the transaction without sending anything (``t_newtran``); False when it is there already."""
        context = self.context
        if context.is_open or context.message.method in (b"ACK", b"CANCEL"):
            return False
        context.open()
        relaying.steer(self)
        return True

    @property
    def has_transaction(self) -> bool:
        """Whether the request has a transaction (made by `relay` or `new_transaction`)."""
        origin = self.origin
        return origin is not None and origin._context is not None and origin._context.is_open

    def is_known(self) -> bool:
        """``t_check_trans`` and its like: whether the request belongs to a transaction of ours.

        Copies and ACKs of refusals never get to a script. So it is True for a CANCEL whose INVITE is known, and
        wherever the transaction is at hand; else False, also for the ACK of a 2xx (measured).
        """
        if self.has_transaction:
            return True
        is_cancel = self.block is Block.REQUEST and self.message.method == b"CANCEL"
        return is_cancel and self.context.find_invite() is not None

    def release(self) -> None:
        """Forget a transaction that was made but neither relayed nor answered (``t_release``)."""
        context = self.context
        if context.server is not None and not context.is_waiting:
            context.end()

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller sent CANCEL (``t_is_canceled``)."""
        origin = self.origin
        return origin is not None and origin._context is not None and origin._context.is_cancelled

    @property
    def branches(self) -> list[Branch]:
        """Every branch that was sent so far, those of earlier tries included."""
        context = self.origin._context if self.origin is not None else None
        return context.steering.branches if context is not None and context.steering is not None else []

    def cancel_branches(self) -> None:
        """Ask every branch that rings to stop (``t_cancel_branches``)."""
        self.context.cancel_branches()

    def set_timers(self, fr_inv: float | None = None, fr: float | None = None) -> None:
        """Seconds for the branches to come (``t_set_fr``); None leaves one as it is."""
        origin = self._requester()
        origin.fr_inv = origin.fr_inv if fr_inv is None else fr_inv
        origin.fr = origin.fr if fr is None else fr

    def reset_timers(self) -> None:
        """As configured again (``t_reset_fr``)."""
        origin = self._requester()
        origin.fr_inv = origin.fr = None

    def force_rport(self) -> None:
        """Answer to the port that the request came from, whatever its Via says (``force_rport``)."""
        self.context.answer_to_source()

    # -- Route and Record-Route

    def loose_route(self) -> bool:
        """Follow our own Route (``loose_route``): it is taken off, the next one becomes `destination_uri`.

        A Route that is not ours is not followed: we are no open relay.
        """
        return relaying.loose_route(self, self.context)

    def add_record_route(self, parameters: bytes = b"") -> bool:
        """Stay in the path (``record_route``); False when that was asked for before.

        Args:
            parameters: with their semicolons.
        """
        origin = self._requester()
        if origin.is_recording:
            return False
        origin.is_recording = True
        origin.record_route = (origin.record_route or b"") + parameters
        return True

    def add_record_route_parameters(self, parameters: bytes) -> bool:
        """More parameters for our Record-Route, asked for before or after (``add_rr_param``)."""
        origin = self._requester()
        origin.record_route = (origin.record_route or b"") + parameters
        return True

    # -- routes

    def arm(self, block: Block, name: str) -> None:
        """Run that route when its time comes: of FAILURE, BRANCH, REPLY or BRANCH_FAILURE. Empty or ``0`` disarms."""
        setattr(self._requester(), _ARMED[block], "" if name == "0" else name)

    def armed(self, block: Block) -> str:
        """The name of the route that is armed (``t_is_set``); empty for none."""
        name = getattr(self._requester(), _ARMED[block])
        assert isinstance(name, str)
        return name

    # -- what the stage has

    def parameter(self, module: str, name: str, default: int) -> int:
        """A number that ``modparam`` has set."""
        value = self.stage.parameters.get((module, name), default)
        return value if isinstance(value, int) else int(value)

    def text_parameter(self, module: str, name: str, default: bytes = b"") -> bytes:
        """A text that ``modparam`` has set."""
        value = self.stage.parameters.get((module, name), default)
        return value if isinstance(value, bytes) else b"%d" % value


Parameters = Mapping[tuple[str, str], int | bytes]
"""By module and name, as ``modparam`` has set them."""
