"""A whole engine with the built-in route, three gateways in set 1, and transports that only remember."""

from __future__ import annotations

from pathlib import Path
from random import Random

from twisted.internet.task import Clock

from dispatch.balance import listfile
from dispatch.balance.selection import find_algorithm
from dispatch.engine import Engine
from dispatch.probe import Prober
from dispatch.proxy.dialog import Identity
from dispatch.proxy.proxy import Proxy
from dispatch.script.default import DefaultRoute
from dispatch.script.route import Router, Script
from dispatch.service.config import Config
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.functions import (
    make_dispatcher,
    make_gate,
    make_manner,
    make_parameters,
    make_probing,
    retry_after,
)
from dispatch.service.health_config import HealthConfig
from dispatch.service.listen import Listen, local_sockets
from dispatch.service.route_config import RouteConfig
from dispatch.service.sip_config import Limits, Sip
from dispatch.sip.timers import Timers
from dispatch.test.wire import FakeResolver, FakeTransport, request, ticking

SECRET = b"s" * 32
# Equal priorities are taken from the last line on: 5071, 5072, 5073.
LIST = b"1 sip:192.0.2.73:5073\n1 sip:192.0.2.72:5072\n1 sip:192.0.2.71:5071\n"
CALLER = ("192.0.2.9", 5060)


class Farm:
    """The dispatcher at 192.0.2.1:5060.

    Args:
        text: of the list.
        route: ``[route]``.
        timers: durations.
        names: what DNS knows.
        transports: local sockets; the caller's messages come on the first.
        script: a route in place of the built-in one.
        parameters: of the module, but for its list.
        health: ``[health]``.
    """

    def __init__(
        self,
        text: bytes = LIST,
        route: RouteConfig | None = None,
        timers: Timers | None = None,
        names: dict[str, str] | None = None,
        transports: tuple[FakeTransport, ...] = (),
        script: Script | None = None,
        secret: bytes = SECRET,
        aliases: tuple[bytes, ...] = (b"lb.example.com",),
        limits: Limits | None = None,
        flags: int = 2,
        parameters: DispatcherConfig | None = None,
        health: HealthConfig | None = None,
    ) -> None:
        route = route or RouteConfig()
        parameters = parameters or DispatcherConfig(flags=flags)
        timers = timers or Timers()
        self.clock = Clock()
        self.transports = transports or (FakeTransport(),)
        self.net = self.transports[0]
        self.resolver = FakeResolver(names)
        self.engine = Engine(self.clock, self.clock.seconds, self.resolver, timers, limits or Limits())
        self.warnings: list[str] = []
        self.dispatcher = make_dispatcher(
            parameters, Random(1), self.clock.seconds, self.warnings.append, health or HealthConfig()
        )
        listeners = tuple(one.listener for one in self.transports)
        listens = [Listen(one.transport.name.decode().lower(), one.host, one.port) for one in listeners]
        self.dispatcher.replace(listfile.parse(text, Path("list"), local_sockets(listens)))
        default = DefaultRoute(
            route,
            find_algorithm(route.algorithm),
            failover=self.dispatcher.failover,
            counts_calls=self.dispatcher.calls is not None,
        )
        config = Config(
            Path("dispatcher.toml"),
            sip=Sip(listen=tuple(listens), timers=timers),
            dispatcher=parameters,
            health=health or HealthConfig(),
        )
        self.probing = make_probing(config, self.dispatcher)
        seconds, manner = self.clock.seconds, make_manner(config)
        self.prober = Prober(self.engine, self.dispatcher, self.probing, manner, self.clock, seconds, Random(1))
        self.router = Router(self.dispatcher, script or default, make_parameters(config))
        self.me = Identity(listeners, aliases, secret)
        self.proxy = self.engine.proxy = Proxy(self.engine, self.me, timers, self.router)
        self.engine.listeners = listeners
        self.proxy.retry_after = retry_after(limits or Limits())
        self.engine.gate = make_gate(limits or Limits(), lambda: self.router.membership)
        self.engine.start()

    def receive(self, data: bytes, source: tuple[str, int] = CALLER, net: FakeTransport | None = None) -> None:
        """A message comes in."""
        net = net or self.net
        self.engine.received(data, net.flow_to(*source))

    def lines(self) -> list[str]:
        """What left since the last look, by start line and port."""
        return self.net.take_lines()

    def wait(self, seconds: float) -> None:
        """Time passes."""
        ticking(self.clock, seconds)

    def invite(self, **how: object) -> bytes:
        """A call comes in; gives what the first gateway got of it."""
        return self.invite_of(request(**how))  # type: ignore[arg-type]  # passed through

    def invite_of(self, data: bytes) -> bytes:
        """This INVITE comes in; gives what the first gateway got of it."""
        self.receive(data)
        return next(sent for sent, _ in self.net.take() if sent.startswith(b"INVITE"))
