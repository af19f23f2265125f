"""What the configuration is to the parts that it is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import cast

from dispatch import __version__
from dispatch.balance.destination import LocalSocket, find_socket
from dispatch.balance.dispatcher import Dispatcher
from dispatch.balance.interfaces import RequestView
from dispatch.balance.live import Live
from dispatch.balance.load import Calls
from dispatch.balance.membership import Membership
from dispatch.balance.probing import Probing
from dispatch.balance.turn import HashKey
from dispatch.probe import Manner
from dispatch.proxy.gate import Gate, Rates
from dispatch.script import act_variables, formats, variables
from dispatch.script.mirror import Mirror
from dispatch.script.route import Parameters
from dispatch.script.scene import Read, Scene, Variable, Write
from dispatch.script.stored import avp_name
from dispatch.service.config import Config
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.health_config import HealthConfig
from dispatch.service.listen import local_sockets
from dispatch.service.script_config import ScriptConfig
from dispatch.service.sip_config import Limits


def make_dispatcher(
    parameters: DispatcherConfig,
    random: Random,
    clock: Callable[[], float],
    warn: Callable[[str], None],
    health: HealthConfig = HealthConfig(),  # noqa: B008 - frozen
) -> Dispatcher:
    """The dispatcher, without a list.

    Args:
        parameters: of the module.
        random: where chance comes from.
        clock: seconds, never going back.
        warn: told what an operator should look into.
        health: what is known of destinations beside the module's own.
    """
    calls = Calls(clock, expire=parameters.ds_hash_expire, initexpire=parameters.ds_hash_initexpire)
    return Dispatcher(
        random,
        flags=parameters.flags,
        use_default=parameters.use_default,
        force_dst=parameters.force_dst,
        hash_key=hash_key(parameters.hash_pvar),
        clock=clock,
        calls=calls if parameters.ds_hash_size else None,
        probing_threshold=parameters.ds_probing_threshold,
        inactive_threshold=parameters.ds_inactive_threshold,
        probing_mode=parameters.ds_probing_mode,
        panic_threshold=health.panic_threshold,
        live=make_live(health, clock) if health.watches_traffic else None,
        warn=warn,
    )


def make_gate(limits: Limits, membership: Callable[[], Membership]) -> Gate | None:
    """Who is heard; None for everybody."""
    if not limits.trust and not limits.rate:
        return None
    rates = Rates(limits.rate, limits.burst) if limits.rate else None
    return Gate(membership, limits.networks, limits.sets, is_closed=bool(limits.trust), rates=rates)


def retry_after(limits: Limits) -> bytes:
    """The line that a 503 has for a request that is one too many."""
    return b"Retry-After: %d\r\n" % limits.retry_after if limits.retry_after else b""


def make_live(health: HealthConfig, clock: Callable[[], float]) -> Live:
    """What listens to live traffic."""
    return Live(
        clock,
        health.ejection,
        slow_start=health.slow_start,
        retry_after=health.retry_after,
        overload_control=health.overload_control,
    )


def make_probing(config: Config, dispatcher: Dispatcher) -> Probing:
    """Who is probed, and what an answer does."""
    parameters = config.dispatcher
    alpha = parameters.ds_latency_estimator_alpha / 1000
    return Probing(
        dispatcher,
        mode=parameters.ds_probing_mode,
        codes=parameters.ds_ping_reply_codes.encode(),
        timeout_is_failure=config.health.timeout_is_failure,
        alpha=alpha if parameters.ds_ping_latency_stats else None,
    )


def make_manner(config: Config) -> Manner:
    """What probes look like and where they go."""
    parameters, timers, timeout = config.dispatcher, config.sip.timers, config.health.probe_timeout
    return Manner(
        interval=parameters.ds_ping_interval,
        method=parameters.ds_ping_method.encode(),
        sender=parameters.ds_ping_from.encode(),
        proxy=parameters.outbound_proxy.encode(),
        socket=_default_socket(config),
        timers=replace(timers, fr_timer=timeout) if timeout else timers,
        waits=timeout > 0,
        agent=f"dispatch/{__version__}".encode(),
    )


def _default_socket(config: Config) -> LocalSocket | None:
    socket = config.dispatcher.ds_default_socket
    return find_socket(socket.encode(), local_sockets(config.sip.listen)) if socket else None


def hash_key(text: str) -> HashKey | None:
    """`hash_pvar` as a function of the request; None where it is not set."""
    if not text:
        return None
    evaluate = formats.compile(text)

    def key(request: RequestView) -> bytes:
        # `Parameters.reads_variables` sees to it that a request that is picked for is a scene too.
        return evaluate(cast(Scene, request))

    return key


def make_parameters(config: Config) -> Parameters:
    """What the functions of a route look at."""
    parameters = config.dispatcher
    return Parameters(
        reads_variables=bool(parameters.hash_pvar),
        mirror=_mirror(parameters, config.script),
        setid=_variable(parameters.setid_pvname, config.script),
        attrs=_variable(parameters.attrs_pvname, config.script),
        default_socket=_default_socket(config),
    )


def _mirror(parameters: DispatcherConfig, script: ScriptConfig | None) -> Mirror | None:
    mirror = Mirror(
        dst=_avp(parameters.dst_avp),
        grp=_avp(parameters.grp_avp),
        cnt=_avp(parameters.cnt_avp),
        dstid=_avp(parameters.dstid_avp),
        attrs=_avp(parameters.attrs_avp),
        sock=_avp(parameters.sock_avp),
        xavp_dst=script.xavp_dst if script is not None else "",
        xavp_ctx=script.xavp_ctx if script is not None else "",
    )
    return mirror if mirror != Mirror() else None


def _avp(text: str) -> str:
    return avp_name(text.removeprefix("$avp(").removesuffix(")"))


def _variable(text: str, script: ScriptConfig | None) -> Variable | None:
    """That of the process, where a script may look at it."""
    if not text:
        return None
    if script is not None:
        found = act_variables.find_text(text)
        return Variable(cast(Read, found.read), cast(Write, found.write))
    return variables.parse(text)[0]
