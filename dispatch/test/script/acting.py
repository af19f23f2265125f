"""A farm that is run by a script of the Kamailio kind, written as the compiler would write it."""

from __future__ import annotations

from dispatch.script.act import Act, Block
from dispatch.script.stage import Body, Routes, Stage
from dispatch.sip.timers import Timers
from dispatch.test.proxy.farm import LIST, Farm
from dispatch.test.wire import FakeTransport

GATEWAYS = [(f"192.0.2.{number}", 5000 + number) for number in range(70, 80)]


def gateway(number: int) -> tuple[str, int]:
    """Address and port of a gateway, 71 to 73 being those of the list."""
    return GATEWAYS[number - 70]


class Staged(Farm):
    """A farm with a script.

    Args:
        request: the request route.
        any_reply: the general reply route.
        named: other routes, by kind and name.
        parameters: of modules.
    """

    def __init__(
        self,
        request: Body,
        any_reply: Body | None = None,
        named: dict[tuple[Block, str], Body] | None = None,
        modparams: dict[tuple[str, str], int | bytes] | None = None,
        text: bytes = LIST,
        timers: Timers | None = None,
        transports: tuple[FakeTransport, ...] = (),
    ) -> None:
        super().__init__(text, timers=timers, transports=transports)
        routes = Routes(request, any_reply, None, named or {}, (__file__,))
        self.stage = Stage(self.router, routes, modparams or {})
        self.log: list[str] = []
        self.stage.write = lambda level, line: self.log.append(line)
        self.stage.take_over(self.proxy)

    def sent(self, start: bytes) -> list[bytes]:
        """What left since the last look and begins like that; all else is forgotten."""
        return [data for data, _ in self.net.take() if data.startswith(start)]


def to_gateway(number: int) -> Body:
    """A request route that relays to that gateway."""

    def route(act: Act) -> None:
        act.destination_uri = b"sip:%b:%d" % (gateway(number)[0].encode(), gateway(number)[1])
        act.relay()

    return route
