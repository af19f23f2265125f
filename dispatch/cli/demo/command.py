"""The command: puts the real service, the gateways of its list and a caller into one reactor."""

from __future__ import annotations

import ipaddress
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, Final

from twisted.internet.error import CannotListenError
from twisted.logger import (
    FilteringLogObserver,
    LogLevel,
    LogLevelFilterPredicate,
    globalLogBeginner,
    textFileLogObserver,
)

from dispatch.balance.destination import Destination
from dispatch.cli.command import Command
from dispatch.cli.demo.gateway import Gateway
from dispatch.cli.demo.show import Show
from dispatch.errors import ConfigError, ConfigErrors, DispatchError
from dispatch.service.config import Config
from dispatch.service.config_file import load
from dispatch.service.listen import SIP_PORT
from dispatch.service.lists import source_of
from dispatch.service.tree import DispatcherService, make_service


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="the configuration, e.g. conf/dispatcher.toml")
    parser.add_argument("--once", action="store_true", help="end after the calls; status 0 when all succeeded")


def _run(options: Namespace) -> int:
    from twisted.internet import reactor

    _show_problems_only()
    try:
        demo = Demo(load(options.file), reactor, once=options.once)
    except DispatchError as error:
        print(error, file=sys.stderr)
        return 1
    return demo.run()


class Demo:
    """All that takes part.

    Args:
        config: as for the service itself.
        reactor: Twisted's.
        once: end after the calls.

    Raises:
        DispatchError: a socket can't be had, or the list has destinations that can't be played here.
    """

    def __init__(self, config: Config, reactor: Any, *, once: bool) -> None:
        self._config = config
        self._reactor = reactor
        self._once = once
        self._succeeded = False
        target = _target(config)
        self._service: DispatcherService = make_service(config, reactor)
        number, sets = config.route.set, self._service.dispatcher.groups
        if number not in sets:
            remedy = f"no destination in set {number}; write e.g. '{number} sip:127.0.0.1:5071'"
            raise ConfigErrors([ConfigError(source_of(config).name, 0, remedy)])
        addresses = {_address(config, member): member.uri for member in sets[number].members}
        gateways = [Gateway(uri, address, reactor) for address, uri in sorted(addresses.items())]
        self._show = Show(gateways, target, reactor, _say, self._calls_are_over)
        self._service.router.observer = self._show.observe
        for gateway in gateways:
            _listen(config, reactor, gateway.address, gateway)
        _listen(config, reactor, (target[0], 0), self._show.caller)

    def run(self) -> int:
        """Until the calls are over, or until Ctrl-C; returns the exit status."""
        reactor, config = self._reactor, self._config
        reactor.addSystemEventTrigger("before", "shutdown", self._service.stopService)
        reactor.callWhenRunning(self._service.startService)
        reactor.callWhenRunning(self._show.begin)
        members = sum(len(group.members) for group in self._service.dispatcher.groups.values())
        _say(f"the dispatcher of {config.path} listens on {', '.join(map(str, config.sip.listen))}")
        _say(f"{members} destinations from {source_of(config).name}, algorithm {config.route.algorithm}")
        reactor.run()
        return 0 if self._succeeded else 1

    def _calls_are_over(self, succeeded: bool) -> None:
        self._succeeded = succeeded
        if self._once:
            self._reactor.stop()
        else:
            _say("")
            _say("the dispatcher and the gateways that are left go on; Ctrl-C ends them")


def _target(config: Config) -> tuple[str, int]:
    """Where the caller calls: the first UDP socket."""
    for listen in config.sip.listen:
        if listen.proto == "udp":
            loopback = "::1" if ":" in listen.host else "127.0.0.1"
            return loopback if listen.is_any else listen.host, listen.port
    raise ConfigErrors([ConfigError(config.path, 0, '[sip] listen needs a "udp:..." for the caller of the demo')])


def _address(config: Config, destination: Destination) -> tuple[str, int]:
    """Where to play a destination."""
    host = destination.host.decode("latin-1").strip("[]")
    try:
        is_ours = ipaddress.ip_address(host).is_loopback and destination.transport == b"UDP"
    except ValueError:
        is_ours = False
    if not is_ours:
        remedy = f"{destination.uri.decode('latin-1')} is not on loopback and UDP; the demo plays the gateways itself"
        raise ConfigErrors([ConfigError(source_of(config).name, destination.line, remedy)])
    return host, destination.port or SIP_PORT


def _listen(config: Config, reactor: Any, address: tuple[str, int], protocol: Any) -> None:
    try:
        reactor.listenUDP(address[1], protocol, interface=address[0])
    except CannotListenError as error:
        remedy = f"the demo plays the gateway {address[0]}:{address[1]} itself, and can't: {error.socketError.strerror}"
        raise ConfigErrors([ConfigError(source_of(config).name, 0, remedy)]) from None


def _show_problems_only() -> None:
    """Warnings and errors of the log go to standard error; what else happens is told by the show."""
    predicate = LogLevelFilterPredicate(defaultLogLevel=LogLevel.warn)
    observer = FilteringLogObserver(textFileLogObserver(sys.stderr), [predicate])
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)


def _say(line: str) -> None:
    print(line, flush=True)


DEMO: Final = Command("demo", "make calls through the real service, and let a gateway die", _arguments, _run)
