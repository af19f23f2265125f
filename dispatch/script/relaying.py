"""Where a request of a Kamailio script goes: its branches, CANCEL, and what is forwarded without memory."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from dispatch.proxy.branch import Branch
from dispatch.proxy.context import Context, Target
from dispatch.proxy.flow_token import hides
from dispatch.proxy.steering import Steering
from dispatch.sip import uri as sip_uri
from dispatch.sip.flow import Listener

if TYPE_CHECKING:
    from dispatch.script.act import Act, Aside

# What the original answers when it could not relay, by what went wrong.
NO_BRANCH: Final = (500, b"I'm terribly sorry, server error occurred (6/TM)")
UNREACHABLE: Final = (477, b"Unfortunately error on sending to next hop occurred (477/TM)")
UNRESOLVED: Final = (478, b"Unresolvable destination (478/TM)")
UNKNOWN: Final = (500, b"I'm terribly sorry, server error occurred (1/SL)")


def relay(act: Act) -> bool:
    """See `Act.relay`."""
    context = act.context
    method = context.message.method
    if method == b"CANCEL":
        return _cancel(act)
    steering = steer(act)
    if method == b"ACK":
        return context.try_all([_target(act, act.uri, act.destination_uri, None)])
    server = context.server
    if context.is_cancelled or (server is not None and server.is_answered):
        act.error = NO_BRANCH
        return False
    steering.begin_try()
    targets, act.asides = _targets(act, steering), []
    act.on_branch = ""
    if not targets:
        act.error = NO_BRANCH
        return False
    context.on_failure = partial(act.stage.failed, act)
    if context.try_all(targets):
        act.error = None
        return True
    act.error = UNREACHABLE if any(sip_uri.parse(one.next_hop) is not None for one in targets) else UNRESOLVED
    return False


def forward(act: Act, host: bytes, port: int, protocol: bytes) -> bool:
    """See `Act.forward`."""
    hop = act.destination_uri
    if host:
        hop = b"sip:" + (b"[%b]" % host if b":" in host and host[:1] != b"[" else host)
        hop += b":%d" % port if port else b""
    if protocol:
        hop = b"%b;transport=%b" % (hop or act.uri, protocol.lower())
    steer(act)
    act.is_done = True
    act.context.forward(_target(act, act.uri, hop, None))
    return True


def steer(act: Act) -> Steering:
    """What the proxy is told, as it stands by now."""
    context = act.context
    steering = context.steering
    if steering is None:
        stage = act.stage
        steering = context.steering = Steering()
        steering.counts_hops = False
        steering.forgets_tries = True
        steering.remaps_503 = act.parameter("tm", "remap_503_500", 1) > 0
        steering.on_reply = partial(stage.replied, act)
        context.on_final = partial(setattr, act, "last_status")
    steering.edits = list(act.edits)
    steering.reply_headers = act.reply_headers
    steering.stops_at_6xx = not act.extra.get("disable_6xx")
    steering.timers = None
    if act.fr_inv is not None or act.fr is not None:
        steering.timers = context.timers
        if act.fr_inv is not None:
            steering.timers = replace(steering.timers, fr_inv_timer=act.fr_inv)
        if act.fr is not None:
            steering.timers = replace(steering.timers, fr_timer=act.fr)
    if act.is_recording:
        steering.record_route = partial(_record_route, act, act.record_route or b"")
    return steering


def _targets(act: Act, steering: Steering) -> list[Target]:
    """A branch for the request as it is by now and for each one beside it, unless its branch route drops it."""
    targets = []
    for one in (act.main, *act.asides):
        branch = Branch(len(steering.branches), Target(one.destination_uri or one.uri))
        target = _branch_route(act, one, branch)
        if target is not None:
            branch.target = target
            steering.branches.append(branch)
            targets.append(target)
    return targets


def _branch_route(act: Act, one: Aside, branch: Branch) -> Target | None:
    """The branch as its route has it; None where it was dropped."""
    body = act.stage.find_branch(act.on_branch)
    if body is None:
        return _target(act, one.uri, one.destination_uri, branch, one)
    beside = act.beside(one, branch)
    act.stage.run(body, beside)
    if beside.is_dropped:
        return None
    branch.edits = beside.edits
    return _target(beside, beside.uri, beside.destination_uri, branch, one)


def _target(act: Act, uri: bytes, hop: bytes | None, branch: Branch | None, one: Aside | None = None) -> Target:
    socket = (one.socket if one is not None else None) or act.socket
    target = Target(hop or uri, uri, socket, branch=branch)
    routing = act.context.routing
    if target.next_hop == act.routed_to and routing.flow is not act.context.flow:
        target.flow = routing.flow
    if act.stage.dispatcher.live is not None:
        act.request.follow_outcome(target)
    return target


def _cancel(act: Act) -> bool:
    """The branches of its INVITE are cancelled; one of nothing known goes on without memory."""
    context = act.context
    invite = context.find_invite()
    if invite is None:
        return forward(act, b"", 0, b"")
    act.reply(200, b"canceling")
    if invite.user is not None:
        invite.user.cancelled(context.message.header(b"reason") or b"")
    return True


def _record_route(act: Act, parameters: bytes, outbound: Listener) -> bytes:
    message = act.context.message
    lr = b";lr=on" if act.parameter("rr", "enable_full_lr", 0) else b";lr"
    if act.parameter("rr", "append_fromtag", 1) and message.from_tag:
        lr += b";ftag=" + message.from_tag
    is_double = act.parameter("rr", "enable_double_rr", 1) > 0
    flow = act.context.flow
    back = flow if hides(message, flow) else None
    return act.context.me.record_route(
        *(message.call_id, flow.listener, outbound, back), parameters=lr + parameters, is_double=is_double
    )


def loose_route(act: Act, context: Context) -> bool:
    """See `Act.loose_route`."""
    routing, routes = context.routing, context.message.routes
    if not routes or not (context.me.is_my_uri(routes[0].uri) or routing.uri != context.message.uri):
        return False
    routing.cuts = act.route_cuts
    act.routed_by = routes[0].uri
    act.uri = routing.uri
    act.routed_to = routing.next_hop
    if routing.next_hop != routing.uri:
        act.destination_uri = routing.next_hop
    return True
