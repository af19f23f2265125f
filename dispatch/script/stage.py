"""Where a script of the Kamailio kind is run: its routes, and when each of them is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dispatch.balance.dispatcher import Dispatcher
from dispatch.script.act import Act, Block, Parameters
from dispatch.script.route import Router
from dispatch.script.values import Value

Body = Callable[[Act], object]
"""A route block. It ends by returning or by `Exit`; what it gives back doesn't matter."""


@dataclass(frozen=True, slots=True)
class Routes:
    """What a script consists of.

    Attributes:
        request: ``request_route``.
        any_reply: ``reply_route``; None where there is none.
        send: ``onsend_route``; None where there is none.
        named: the other routes that are run by themselves, by kind and name: ``(Block.FAILURE, "NEXT")``,
            ``(Block.EVENT, "dispatcher:dst-down")``. Those that only ``route(NAME)`` calls are no concern of ours.
        files: names of the files that its code comes from, to find the line of an error.
    """

    request: Body
    any_reply: Body | None = None
    send: Body | None = None
    named: Mapping[tuple[Block, str], Body] = field(default_factory=dict)
    files: tuple[str, ...] = ()


class Stage:
    """Runs a script of the Kamailio kind; the proxy calls it for each request, reply and branch.

    Args:
        router: the dispatcher, and what all routes have in common.
        routes: the script.
        parameters: of modules.

    Attributes:
        flags: script flags (``setsflag``): one number for all requests.
        variables: of the process: ``$var`` and ``$shv`` by that and their name; they outlive the request.
        level: log messages above it are not even put together (``debug``): -5 alert ... 3 debug.
        write: puts a line into the log, with its level.
        current: the act that runs (for `KSR`); those that it interrupts are put back afterwards.
    """

    def __init__(self, router: Router, routes: Routes, parameters: Parameters) -> None:
        self.router = router
        self.routes = routes
        self.parameters = parameters
        self.flags = 0
        self.variables: dict[tuple[str, str], Value] = {}
        self.level = 0
        self.write: Callable[[int, str], None] = lambda level, text: None
        self.current: Act | None = None

    @property
    def dispatcher(self) -> Dispatcher:
        """The sets."""
        return self.router.dispatcher
