"""The native API: a request as a routing script sees it.

A route is a function that takes a `Request` and says what becomes of it:

    def route(request: Request) -> None:
        if not request.select(set=2, algorithm="hash-callid"):
            return request.reply(503, "No gateway")
        request.on_failure(next_gateway, codes=(408, 500, 503))
        request.relay()
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from dispatch.balance.algorithms.algorithm import Algorithm
from dispatch.balance.change import Routed
from dispatch.balance.destination import Destination, LocalSocket
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.membership import Membership
from dispatch.balance.rewrite import rewrite
from dispatch.balance.selection import Selection, find_algorithm
from dispatch.balance.why import Why
from dispatch.proxy.branch import Branch
from dispatch.proxy.context import Context, Target
from dispatch.proxy.proxy import Proxy
from dispatch.proxy.steering import Steering
from dispatch.script import editing
from dispatch.script.headers import Headers, Leg, Reply, lines
from dispatch.script.mirror import Mirror
from dispatch.script.scene import Variable
from dispatch.script.view import View
from dispatch.sip import uri as sip_uri
from dispatch.sip.message import Message

if TYPE_CHECKING:
    from dispatch.script.act import Act


@dataclass(slots=True)
class Decision:
    """Where a request was sent, and why.

    Attributes:
        method: of the request.
        call_id: of the request.
        destination: URI of the destination.
        group: set it was picked from.
        attempt: 1 for the first destination, 2 for the one after it...
        why: the algorithm's reason, or what became of the attempt before.
    """

    method: bytes
    call_id: bytes
    destination: bytes
    group: int
    attempt: int
    why: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters of the module that functions of the route look at; all may be left out.

    Attributes:
        reads_variables: whether `hash_pvar` is set, so that picking needs more than the message.
        mirror: AVPs that show the failover list (``dst_avp`` and its like); None where none is named.
        setid: variable that gets the set of a caller (`setid_pvname`).
        attrs: variable that gets the attributes of a caller (`attrs_pvname`).
        default_socket: what to send from where a destination has no `socket` (`ds_default_socket`).
    """

    reads_variables: bool = False
    mirror: Mirror | None = None
    setid: Variable | None = None
    attrs: Variable | None = None
    default_socket: LocalSocket | None = None


class Router:
    """Hands every request to a script; this is what the proxy calls.

    Args:
        dispatcher: the sets.
        script: the route.
        parameters: of the module.

    Attributes:
        observer: called with a `Decision` whenever a request leaves for a destination; None asks for none.
        lookup: the address of a name, as far as it is known.
        reload: reads the list again, without waiting for it; None where nobody can.
        pause: drives what a script that waits has given back: a coroutine, or a Deferred.
    """

    def __init__(self, dispatcher: Dispatcher, script: Script, parameters: Parameters | None = None) -> None:
        self.dispatcher = dispatcher
        self.script = script
        self.parameters = parameters or Parameters()
        self.observer: Callable[[Decision], None] | None = None
        self.lookup: Callable[[str], str | None] = lambda name: None
        self.reload: Callable[[], object] | None = None
        self.pause: Callable[[Context, object], None] = _no_pause
        self._membership = Membership({})

    def __call__(self, context: Context) -> None:
        step = self.script(Request(context, self))
        if step is not None:
            self.pause(context, step)

    def take_over(self, proxy: Proxy) -> None:
        """Decide on whatever comes from now on."""
        proxy.route = self
        proxy.hands_over = False
        proxy.hears_reply = None

    @property
    def membership(self) -> Membership:
        """The destinations of the list in force, by address; what takes long should be set ahead."""
        if self._membership.groups is not self.dispatcher.groups:
            self._membership = Membership(self.dispatcher.groups, self._membership.addresses)
        return self._membership

    @membership.setter
    def membership(self, membership: Membership) -> None:
        self._membership = membership

    def is_destination(self, host: bytes, port: int | None = None) -> bool:
        """Whether a destination of any set has this host or address, and this port where one is given."""
        return self.membership.has_host(host, port)


class Request:
    """A request that waits for a decision.

    Attributes:
        destination: the destination in use; None before `select`.
        failed_with: status of the destination that failed last; 0 before one did.
        socket: what to send from; None: what fits.
        keeps_routes: `select` leaves the Route headers alone.
    """

    __slots__ = (
        "_asides",
        "_context",
        "_destination_uri",
        "_failure",
        "_follows_load",
        "_on_branch",
        "_router",
        "_selection",
        "_view",
        "destination",
        "failed_with",
        "keeps_routes",
        "socket",
    )

    def __init__(self, context: Context, router: Router) -> None:
        self._context = context
        self._router = router
        self._selection: Selection | None = None
        self._view: View | Act | None = None
        self._destination_uri: bytes | None = None
        self.destination: Destination | None = None
        self.socket: LocalSocket | None = None
        self.failed_with = 0
        self.keeps_routes = False
        self._asides: tuple[Target, ...] = ()
        self._on_branch: LegHandler | None = None
        self._failure = ""
        self._follows_load = False

    @property
    def method(self) -> str:
        """``INVITE``, ``BYE``..."""
        return self._context.message.method.decode("latin-1")

    @property
    def uri(self) -> bytes:
        """The Request-URI as it came, or as it was rewritten by `select` or by the script."""
        return self._view.uri if self._view is not None else self._context.message.uri

    @uri.setter
    def uri(self, uri: bytes) -> None:
        self.view.uri = uri

    @property
    def destination_uri(self) -> bytes | None:
        """Where the request was told to go by `select` or by a variable (``$du``); None when nobody said."""
        return self._view.destination_uri if self._view is not None else self._destination_uri

    @destination_uri.setter
    def destination_uri(self, uri: bytes | None) -> None:
        if self._view is not None:
            self._view.destination_uri = uri
        else:
            self._destination_uri = uri

    @property
    def view(self) -> View | Act:
        """What variables are read from and written to."""
        if self._view is None:
            self._view = View(self._context, self._destination_uri)
        return self._view

    def take_view(self, act: Act) -> None:
        """Share URIs and values with a script of the Kamailio kind, which follows Route headers by itself."""
        self._view = act
        self.keeps_routes = True

    @property
    def router(self) -> Router:
        """What all requests have in common."""
        return self._router

    @property
    def call_id(self) -> bytes:
        """Value of Call-ID."""
        return self._context.message.call_id

    def header(self, name: bytes) -> bytes | None:
        """Value of the first header of that name, without the blanks around it; None when there is none.

        Args:
            name: the long name in lower case.
        """
        return self._context.message.header(name)

    @property
    def headers(self) -> Headers:
        """All headers; what is changed here leaves with every branch."""
        return Headers(self._context.message, self._steering.edits)

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self._context.message.body

    @property
    def is_cancelled(self) -> bool:
        """Whether the caller hung up."""
        return self._context.is_cancelled

    @property
    def _steering(self) -> Steering:
        """What is wanted beyond where the request goes; made when it is first asked for."""
        steering = self._context.steering
        if steering is None:
            steering = self._context.steering = Steering()
        return steering

    @property
    def source(self) -> tuple[str, int]:
        """Address and port that the request came from."""
        return self._context.flow.remote

    @property
    def protocol(self) -> bytes:
        """What it came by, lower case."""
        return self._context.flow.listener.transport.name.lower()

    @property
    def is_in_dialog(self) -> bool:
        """Whether To has a tag: the request belongs to a dialog and must follow it (RFC 3261 §12.2)."""
        return self._context.message.to_tag is not None

    @property
    def is_routed(self) -> bool:
        """Whether a Route header brought the request to us."""
        return self._context.message.first_line(b"route") >= 0

    @property
    def is_ours(self) -> bool:
        """Whether a Route shows our Record-Route cookie: the dialog was set up through us."""
        return self._context.routing.is_ours

    @property
    def is_for_us(self) -> bool:
        """Whether the Request-URI has no user part and names us."""
        parsed = sip_uri.parse(self._context.message.uri)
        return parsed is not None and not parsed.user and self._context.me.is_me(parsed.host, parsed.usual_port)

    @property
    def hops(self) -> int | None:
        """Max-Forwards as it came; None without the header."""
        found = self._context.message.max_forwards
        return found[0] if found is not None else None

    @property
    def attempts(self) -> int:
        """How many destinations it was sent to."""
        return self._context.attempts

    @property
    def age(self) -> float:
        """Seconds since the request came."""
        return self._context.age

    def select(self, set: int, algorithm: Algorithm | int | str, *, mode: str = "dst", limit: int = 0) -> bool:
        """Pick a destination, the rest of the set being there for `next` (``ds_select_dst``, ``ds_select_domain``).

        Args:
            mode: ``dst`` keeps the Request-URI, ``domain`` rewrites its host and port.
            limit: how many destinations to keep, this one included; 0 keeps all.

        Returns:
            False when the set has none to give, or not all of its destinations have a `duid` (algorithm 10). When the
            Request-URI can't be rewritten there may be destinations for `next` all the same (algorithm 13).

        Raises:
            ValueError: there is no such algorithm or mode.
        """
        row = algorithm if isinstance(algorithm, Algorithm) else find_algorithm(algorithm)
        is_domain = mode == "domain"
        if not is_domain and mode != "dst":
            raise ValueError(f"mode {mode!r} is neither 'dst' nor 'domain'")
        parameters = self._router.parameters
        view = self.view if parameters.reads_variables else self._view or self._context.message
        selection = self._router.dispatcher.select(
            view,
            set,
            row,
            limit,
            domain=is_domain,
            has_destination=self.destination_uri is not None,
            earlier=self._selection,
        )
        if selection is None:
            return False
        self._selection = selection
        if selection.is_mere_list:
            if parameters.mirror is not None:
                self._show(parameters.mirror)
            return False
        if not self.keeps_routes:
            self._context.drop_routes()
        self._use(selection.destination)
        if selection.rewritten is not None:
            self.view.uri = selection.rewritten
        else:
            self.destination_uri = selection.destination.uri
        if parameters.mirror is not None:
            parameters.mirror.begin(self.view.values, set, selection.count)
            self._show(parameters.mirror)
        return not selection.has_failed

    def next(self, *, mode: str = "dst") -> bool:
        """Go on to the next destination of the selection (``ds_next_dst``, ``ds_next_domain``).

        Returns:
            False at its end, and when the Request-URI can't be rewritten; and where calls are counted and this one has
            ended meanwhile, though the request is told to go there, as in the original.
        """
        uri = self._following(mode)
        selection = self._selection
        if uri is None and selection is not None and selection.destination is not self.destination:
            self._use(selection.destination)
            self._send_to(selection.destination.uri, mode)
            return False
        return self._send_to(uri, mode)

    def again(self, *, mode: str = "dst") -> bool:
        """Stay with the destination in use (``ds_set_dst``, ``ds_set_domain``); False when the list is empty."""
        return self._send_to(self._in_use(), mode)

    def _send_to(self, uri: bytes | None, mode: str) -> bool:
        if uri is None:
            return False
        if mode != "domain":
            self.destination_uri = uri
            return True
        rewritten = rewrite(self.uri, uri)
        if rewritten is None:
            return False
        self.view.uri = rewritten
        return True

    def _following(self, mode: str) -> bytes | None:
        """The URI of the next destination, which is in use from now on; None when there is none."""
        mirror, selection = self._router.parameters.mirror, self._selection
        if mirror is not None and mirror.is_changed(self.view.values, selection.records if selection else ()):
            return self._follow_script(mirror)
        ruri = self.uri if mode == "domain" else None
        destination = selection.next(ruri) if selection is not None else None
        if mirror is not None:
            self._show(mirror)
        if destination is None:
            return None
        self._use(destination)
        return destination.uri

    def _in_use(self) -> bytes | None:
        """The URI of the first record of the list."""
        mirror, selection = self._router.parameters.mirror, self._selection
        if mirror is not None and mirror.is_changed(self.view.values, selection.records if selection else ()):
            return mirror.first(self.view.values)
        record = selection.record if selection is not None else None
        return record.uri if record is not None else None

    def _follow_script(self, mirror: Mirror) -> bytes | None:
        """As `_following`, in the list that a script has put into the AVPs."""
        values = self.view.values
        self._selection = None
        uri = mirror.step(values)
        if uri is None:
            return None
        group = self._router.dispatcher.groups.get(self._group())
        self.destination = group.find(uri) if group is not None else None
        if self.destination is not None:
            self._use(self.destination)
        return uri

    def _group(self) -> int:
        """The set of the first record, or of the destination in use where there is no record left."""
        first = self._selection.record if self._selection is not None else None
        first = first or self.destination
        group = first.group if first is not None else -1
        mirror = self._router.parameters.mirror
        return mirror.group(self.view.values, group) if mirror is not None else group

    def _use(self, destination: Destination) -> None:
        """A socket that was named once stays in force until another is named (as in the original)."""
        self.destination = destination
        self.socket = destination.socket or self._router.parameters.default_socket or self.socket

    def _show(self, mirror: Mirror) -> None:
        selection = self._selection
        if selection is not None:
            mirror.show(self.view.values, selection.records, counted=selection.is_counted)

    def record_route(self) -> None:
        """Stay in the path of the dialog that the request sets up."""
        self._context.wants_record_route = True

    def relay(self, to: bytes | None = None) -> None:
        """Send the request to the destination, or to all of them at once (algorithm 12), and see it through.

        Args:
            to: URI of the host to send to, in place of a destination.
        """
        if to is not None:
            self.destination, self.destination_uri = None, to
        if self._context.steering is not None:
            self._relay_steered(self._context.steering)
            return
        self._tell()
        beside = self._selection.parallel[1:] if self._selection is not None else ()
        if beside and not self.failed_with:
            self._context.fork([self._target(), *map(self._target_beside, beside)])
        else:
            self._context.relay(self._target())

    def _relay_steered(self, steering: Steering) -> None:
        """As `relay`, where the script wants more: each branch is known, and may be changed or dropped."""
        self._tell()
        beside = self._selection.parallel[1:] if self._selection is not None and not self.failed_with else ()
        targets = [self._target(), *map(self._target_beside, beside), *self._asides]
        self._asides = ()
        kept = [one for one in targets if self._is_wanted(one, steering)]
        if not kept:
            raise ValueError("on_branch() dropped every branch")
        self._context.fork(kept)

    def _is_wanted(self, target: Target, steering: Steering) -> bool:
        branch = target.branch = Branch(len(steering.branches), target)
        if self._on_branch is not None:
            leg = Leg(self._context.message, branch, target.uri or self.uri, target.next_hop)
            self._on_branch(self, leg)
            if leg.is_dropped:
                return False
            target.uri, target.next_hop = leg.uri, leg.next_hop
        steering.branches.append(branch)
        return True

    def add_branch(self, uri: bytes, *, to: bytes | None = None) -> None:
        """Ring there as well, with the next `relay`.

        Args:
            uri: Request-URI of the branch.
            to: URI of the host to send it to; None: where `uri` says.
        """
        self._steering  # noqa: B018 - so that `relay` looks at it
        self._asides = (*self._asides, Target(to or uri, uri, self.socket))

    def on_branch(self, handler: LegHandler) -> None:
        """Call `handler` with each branch just before it is sent: it may change or drop it."""
        self._steering  # noqa: B018
        self._on_branch = handler

    def on_reply(self, handler: ReplyHandler) -> None:
        """Call `handler` with each response to the request before it goes up: it may change it, or drop it."""

        def replied(branch: Branch, response: Message) -> bool:
            reply = Reply(branch, response)
            handler(self, reply)
            return not reply.is_dropped

        self._steering.on_reply = replied

    def set_timers(self, *, answer: float | None = None, ring: float | None = None) -> None:
        """How long the branches to come may take, in seconds; what is left out is as configured.

        Args:
            answer: until the first response, or the final one of what is no INVITE (``fr_timer``).
            ring: from there to the final one of an INVITE (``fr_inv_timer``).
        """
        timers = self._steering.timers or self._context.timers
        if answer is not None:
            timers = replace(timers, fr_timer=answer)
        if ring is not None:
            timers = replace(timers, fr_inv_timer=ring)
        self._steering.timers = timers

    def redirect(self, *contacts: bytes, status: int = 302) -> None:
        """Send the caller elsewhere: to one of these URIs (RFC 3261 §8.3)."""
        self._context.reply(status, b"", b"".join(b"Contact: <%b>\r\n" % one for one in contacts))

    def drop(self) -> None:
        """Answer nothing, and forget the request."""
        self._context.end()

    def forward(self, to: bytes | None = None) -> None:
        """Send the request to the destination, or to another host, and forget it."""
        if to is not None:
            self.destination, self.destination_uri = None, to
        self._tell()
        self._context.forward(self._target())

    def follow(self, *, stateless: bool = False) -> None:
        """Send a request inside a dialog where its Route headers say, if it is one of ours to carry.

        It is when it shows our Record-Route cookie, or comes from or goes to a destination or one of our own names;
        others get 403, one that leads back to us 481, and one to a browser whose connection is gone 430.
        """
        context = self._context
        routing = context.routing
        if context.me.is_my_uri(routing.next_hop):
            return context.reply(481)
        if not self.is_ours_to_carry:
            return context.reply(403)
        if routing.is_lost:
            return context.reply(430, b"Flow Failed")
        # What comes from the very connection that it should go to has its Routes the wrong way round.
        target = Target(routing.next_hop, flow=routing.flow if routing.flow is not context.flow else None)
        return context.forward(target) if stateless else context.relay(target)

    @property
    def is_ours_to_carry(self) -> bool:
        """Whether it shows our cookie, comes from a destination or one of our own names, or goes to a destination."""
        if self.is_ours:
            return True
        me, source = self._context.me, self._context.flow
        if self._router.is_destination(source.host) or me.is_my_source(source.host, source.remote[1]):
            return True
        hop = sip_uri.parse(self._context.routing.next_hop)
        if hop is None or not self._router.is_destination(hop.host):
            return False
        # Beside us on one machine a destination is only what the list says; other ports there are nobody's business.
        return not me.is_my_host(hop.host) or self._router.is_destination(hop.host, hop.port_number)

    def mark(self, state: bytes = b"") -> bool:
        """Give the destination in use another state (``ds_mark_dst``): letters of ``a``, ``i``, ``t``, ``d``, ``p``.

        Without letters it is inactive, and probed too where `ds_probing_mode` is 1. Thresholds count.

        Returns:
            False when there is no failover list, a letter names no state, or the destination has left the list.
        """
        uri = self._in_use()
        if uri is None:
            return False
        routed = Routed(self._context.message.raw, self.method, self.uri, self.destination_uri)
        try:
            return self._router.dispatcher.mark(self._group(), uri, state, routed) is not None
        except ValueError:
            return False

    def load_update(self) -> None:
        """Tell the call load what this request does to its call (``ds_load_update``): BYE and CANCEL end it."""
        message = self._context.message
        self._router.dispatcher.load_update(message.call_id, message.method)

    def load_unset(self) -> bool:
        """Take the call out of the load (``ds_load_unset``); False when it is not counted.

        Nothing happens to an INVITE whose destination in use was not picked by call load.
        """
        message = self._context.message
        return self._router.dispatcher.load_unset(
            message.call_id, selection=self._selection, is_invite=message.method == b"INVITE"
        )

    def load_acknowledged(self) -> None:
        """Let the call load follow this ACK: with our cookie it is that of a 2xx, else the call was refused."""
        if self.is_ours:
            self._router.dispatcher.load_update(self.call_id, b"INVITE", 200)
        else:
            self.forget_load()

    def forget_load(self) -> None:
        """Take the call out of the load, whatever picked its destination."""
        self._router.dispatcher.load_unset(self.call_id)

    def follow_load(self) -> None:
        """Let the call load follow what becomes of this INVITE: a 2xx confirms its call, all else takes it out.

        Nothing happens where the selection did not count the call: it is not this INVITE's then.
        """
        if self._selection is None or not self._selection.has_counted:
            return
        dispatcher, call_id = self._router.dispatcher, self.call_id

        def ended(status: int) -> None:
            if status < 300:
                dispatcher.load_update(call_id, b"INVITE", status)
            else:
                dispatcher.load_unset(call_id)

        self._context.on_final = ended
        self._follows_load = True

    def reply(self, status: int, reason: str = "", headers: dict[str, str] | None = None, body: bytes = b"") -> None:
        """Refuse the request, or answer it in another's place.

        Args:
            headers: further headers, by name; with a body its Content-Type.

        Raises:
            ValueError: a header or the reason can't stand where it should.
        """
        phrase = editing.reason(reason.encode())
        self._context.reply(status, phrase, lines(headers) if headers else b"", body)

    def answer(self, status: int, reason: str = "") -> None:
        """Be the endpoint of the request."""
        self._context.answer(status, reason.encode())

    def on_failure(self, handler: Script, codes: Container[int]) -> None:
        """Call `handler` when the destination is silent, can't be reached, or answers with one of `codes`.

        The handler may call `next` and `relay` again; when it does not, the failure goes to the caller.
        """

        def failed(context: Context, status: int, is_answer: bool) -> None:
            if is_answer and status not in codes:
                return
            self.failed_with = status
            self._failure = _words(status, is_answer)
            if self.destination is not None:
                self._router.dispatcher.report_failure(self.destination, self._failure)
            handler(self)

        self._context.on_failure = failed

    def _target(self) -> Target:
        hop = self.destination_uri
        if hop is None and self.destination is not None:
            hop = self.destination.uri
        if hop is None:
            raise ValueError("relay() or forward() before select() gave a destination")
        return self._followed(
            Target(hop, self._view.uri if self._view is not None else None, self.socket), self.destination
        )

    def follow_outcome(self, target: Target) -> None:
        """Let what becomes of it count for the destination in use, when it goes there."""
        if self.destination is not None and target.next_hop == self.destination.uri:
            self._followed(target, self.destination)

    def _followed(self, target: Target, destination: Destination | None) -> Target:
        """With somebody who listens to what becomes of the request there, where anybody wants to know."""
        live = self._router.dispatcher.live
        if live is not None and destination is not None:
            target.outcome = partial(live.heard, destination)
        if self._follows_load and destination is not None:
            target.accepted = partial(self._accepted, destination)
        return target

    def _accepted(self, destination: Destination) -> None:
        """A destination takes the call, be it one that was given up: it is counted there."""
        if destination is not self.destination:
            self._router.dispatcher.load_move(self.call_id, destination)

    def _target_beside(self, destination: Destination) -> Target:
        """Another destination for the same request, reached as the one in use is."""
        if self._selection is not None:
            self._selection.count_for(destination)
        socket = destination.socket or self._router.parameters.default_socket or self.socket
        if self._selection is None or self._selection.rewritten is None:
            target = Target(destination.uri, self._view.uri if self._view is not None else None, socket)
        else:
            target = Target(destination.uri, rewrite(self.uri, destination.uri), socket)
        return self._followed(target, destination)

    def _tell(self) -> None:
        observer = self._router.observer
        destination = self.destination
        if observer is None or destination is None or self._selection is None:
            return
        message = self._context.message
        why = f"the one before {self._failure}" if self._failure else _because(self._selection.why())
        observer(Decision(message.method, message.call_id, destination.uri, destination.group, self.attempts + 1, why))


Script = Callable[[Request], object]
"""A route, which gives back nothing, or what it waits for; or a handler that it named."""
LegHandler = Callable[[Request, Leg], object]
ReplyHandler = Callable[[Request, Reply], object]


def _no_pause(context: Context, step: object) -> None:
    raise TypeError(f"the route gave back {type(step).__name__}; nobody is here to wait for it")


def _words(status: int, is_answer: bool) -> str:
    if is_answer:
        return f"answered {status}"
    return "gave no answer" if status == 408 else "could not be reached"


def _because(why: Why) -> str:
    """The reason for a pick, on one line."""
    text = f"{why.algorithm.name} gave {why.raw}, index {why.start}"
    for member, reason in why.skipped:
        text += f", {member.uri.decode('latin-1')} is {reason}"
    return text if why.index == why.start else f"{text}, so index {why.index}"
