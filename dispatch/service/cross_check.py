"""What one key of a configuration says about another, and about the machine."""

from __future__ import annotations

import os
from typing import Final

from dispatch.balance import reply_codes
from dispatch.balance.destination import find_socket
from dispatch.balance.selection import find_algorithm
from dispatch.service import control_address
from dispatch.service.config import Config
from dispatch.service.control_config import ControlConfig
from dispatch.service.listen import local_sockets
from dispatch.service.reading import Place, suggest
from dispatch.service.route_config import RouteConfig
from dispatch.service.sip_config import Sip
from dispatch.sip.host import host_port

_TIMEOUT: Final = 408
_FAILOVER_FLAG: Final = 2  # bit of [dispatcher] flags


def cross_check(config: Config, top: Place) -> None:
    """Note what is wrong, and what works but hardly as it is meant."""
    sip = top.table("sip")
    if not sip.at("listen").is_written:
        sip.wrong('[sip] listen is missing; write e.g. listen = ["udp:127.0.0.1:5060"]')
    if top.problems:
        return  # the rest compares values that must be right themselves
    _check_names(config.sip, sip)
    _check_tls(config.sip, top.table("sip", "tls"))
    _check_origins(config.sip, sip)
    _check_trust(config, sip.table("limits"))
    _check_streams(config.sip, sip)
    _check_default_socket(config, top)
    _check_silence(config, top.table("dispatcher").at("ds_ping_reply_codes"))
    _check_live_traffic(config, top)
    _check_failover(config, top)
    _check_stateless(config.route, top.table("route"))
    _check_needs(config, top)
    _check_control(config.control, top.table("control"))
    _check_folders(config, top)


def _check_names(sip: Sip, place: Place) -> None:
    for key, named in (("advertise", sip.advertise), ("proxy_protocol", sip.proxy_protocol)):
        at = place.at(key)
        for listen in named:
            if listen not in sip.listen:
                at.wrong(f"{at} names {listen}, which is not listened on; {suggest(listen, map(str, sip.listen))}")
    for index, listen in enumerate(sip.listen):
        if listen.is_any and listen not in sip.advertise:
            host, port = sip.sent_by(listen)
            place.at("listen", index).warn(
                f"{listen} stands for all addresses: Via and Record-Route will name {host_port(host, port)}, "
                f'the address of the default route; write advertise = {{ "{listen}" = "HOST:PORT" }} for another'
            )


def _check_tls(sip: Sip, place: Place) -> None:
    tls, sockets = sip.tls, [listen for listen in sip.listen if listen.is_secure]
    if sockets and tls.certificate is None:
        place.wrong(f"{sockets[0]} needs a certificate; write [sip.tls] certificate = 'FILE'")
    if sockets and tls.verify_client and tls.ca is None:
        at = place.at("verify_client")
        at.wrong(f"{at} needs to know who may sign; write ca = 'FILE'")
    if not isinstance(tls.verify_client, bool):
        for index, listen in enumerate(tls.verify_client):
            if listen not in sockets:
                at = place.at("verify_client")
                remedy = suggest(listen, map(str, sockets)) if sockets else "none is tls"
                place.at("verify_client", index).wrong(f"{at} names {listen}, which is not listened on; {remedy}")
    if not tls.verify_server:
        at = place.at("verify_server")
        at.warn(f"{at} is false: whoever answers at the address of a destination gets its calls, and can hear them")


def _check_trust(config: Config, place: Place) -> None:
    sets, mine = config.sip.limits.sets, config.route.set
    if sets and mine not in sets:
        at = place.at("trust")
        at.warn(f"{at} names sets, but not {mine}, the one that calls go to: nothing its destinations say is heard")


def _check_streams(sip: Sip, place: Place) -> None:
    at = place.at("proxy_protocol")
    for listen, sources in sip.proxy_protocol.items():
        if listen.proto == "udp":
            at.wrong(f"{at} names {listen}; the PROXY protocol is for streams")
        elif not sources:
            at.wrong(f"{at} names no source for {listen}; write the addresses of the balancer, or leave {listen} out")
    if sip.udp_mtu and all(listen.proto != "tcp" for listen in sip.listen):
        at = place.at("udp_mtu")
        at.warn(f"{at} has no effect: there is no tcp: socket in listen that a request could leave by")


def _check_origins(sip: Sip, place: Place) -> None:
    for index, listen in enumerate(sip.listen):
        if listen.is_websocket and not sip.websocket.origins:
            place.at("listen", index).warn(
                f"{listen} takes browsers from any web page; name yours, e.g. [sip.websocket] "
                f'origins = ["https://phone.example.com"]'
            )


def _check_default_socket(config: Config, top: Place) -> None:
    at = top.table("dispatcher").at("ds_default_socket")
    wanted = config.dispatcher.ds_default_socket
    try:
        if wanted:
            find_socket(wanted.encode(), local_sockets(config.sip.listen))
    except ValueError as error:
        at.wrong(f"{at}: {error}")


def _check_silence(config: Config, at: Place) -> None:
    accepted = reply_codes.accepted(config.dispatcher.ds_ping_reply_codes.encode())
    if _TIMEOUT in accepted and not config.health.timeout_is_failure:
        at.warn(
            f"{at} has 408, and no answer at all counts as 408: a destination that is silent never gets inactive; "
            f"write the codes without 408, or [health] timeout_is_failure = true"
        )


def _check_live_traffic(config: Config, top: Place) -> None:
    health = config.health
    ejection = top.table("health", "ejection")
    if health.ejection.is_on and not health.ejection.max_ejected_percent:
        ejection.warn(f"{ejection} ejects nobody with max_ejected_percent = 0; write e.g. 50, or leave it out")
    elif ejection.is_written and not health.ejection.is_on:
        ejection.warn(f"{ejection} ejects nobody; write e.g. consecutive_failures = 5, or success_rate_factor = 1.9")
    if config.route.relay == "stateless" and (health.hears_outcomes or health.statistics):
        at = ejection if health.ejection.is_on else top.table("health")
        at.warn(f"{at} has no effect with relay = 'stateless': nobody knows what became of a request")


def _check_failover(config: Config, top: Place) -> None:
    route = config.route
    place = top.table("route").at("failover_on")
    if not route.failover_on:
        return
    if route.relay == "stateless":
        if place.is_written:
            place.warn(
                f"{place} has no effect with relay = 'stateless': nothing is remembered that could be sent again"
            )
    elif not config.dispatcher.flags & _FAILOVER_FLAG:
        at = place if place.is_written else top.table("dispatcher").at("flags")
        at.warn(
            f"no failover: [dispatcher] flags is {config.dispatcher.flags}, without bit {_FAILOVER_FLAG}; "
            f"write flags = {config.dispatcher.flags | _FAILOVER_FLAG}, or [route] failover_on = [] when none is wanted"
        )


def _check_stateless(route: RouteConfig, place: Place) -> None:
    if route.relay == "stateless" and not find_algorithm(route.algorithm).is_steady:
        at = place.at("algorithm") if place.at("algorithm").is_written else place.at("relay")
        at.warn(
            f"with relay = 'stateless', algorithm {route.algorithm!r} may send a CANCEL or a retransmission "
            f"elsewhere than its request went; choose e.g. 'hash-callid'"
        )


def _check_needs(config: Config, top: Place) -> None:
    """What an algorithm is of no use without, as far as it is a parameter."""
    parameters = config.dispatcher
    without = {
        "hash_pvar": (not parameters.hash_pvar, "no request gets a destination"),
        "ds_hash_size": (not parameters.ds_hash_size, "no call is counted, and the first destination gets all"),
    }
    place = top.table("route").at("algorithm")
    for need in find_algorithm(config.route.algorithm).needs:
        is_missing, effect = without.get(need, (False, ""))
        if is_missing:
            place.warn(f"algorithm {config.route.algorithm!r} needs [dispatcher] {need}: without it {effect}")


def _check_control(control: ControlConfig, place: Place) -> None:
    for door, addresses in control.sockets.items():
        for index, address in enumerate(addresses):
            if address.is_too_long:
                most = control_address.LONGEST_PATH
                place.at(door, index).wrong(
                    f"{address}: a unix socket's path has {most} bytes at most; name a shorter one"
                )
            elif address.tls is not None:
                if address.tls.ca is None and not (door == "jsonrpc" and any(one.token for one in control.access)):
                    place.at(door, index).wrong(
                        f"{address} would let anybody in; add ':ca=FILE' to ask for client certificates"
                        + (", or give out tokens under [control.access]" if door == "jsonrpc" else "")
                    )
            elif not address.is_private and address.right == "full":
                others = "whoever its mode lets in" if address.path is not None else "every user of this machine"
                place.at(door, index).warn(f"{address} gives {others} full control of the service")


def _check_folders(config: Config, top: Place) -> None:
    """What is written anew must be allowed to."""
    for path, at in (
        (config.events.log, top.table("events").at("log")),
        (config.state.file, top.table("state").at("file")),
    ):
        if path is None:
            continue
        if path.is_dir():
            at.wrong(f"{at}: {path} is a folder; name a file")
        elif not path.parent.is_dir():
            at.wrong(f"{at}: there is no folder {path.parent}; make it, or name a file elsewhere")
        elif not os.access(path.parent, os.W_OK):
            at.wrong(
                f"{at}: nothing can be written in {path.parent}; let the service's user do so, or name a file elsewhere"
            )
