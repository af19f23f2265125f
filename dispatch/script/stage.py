"""Where a script of the Kamailio kind is run: its routes, and when each of them is called."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from dispatch.balance.destination import LocalSocket
from dispatch.balance.dispatcher import Dispatcher
from dispatch.proxy.branch import Branch
from dispatch.proxy.context import Context
from dispatch.proxy.proxy import Proxy
from dispatch.script.act import Act, Block, Exit, Parameters
from dispatch.script.loading import blame
from dispatch.script.route import Request, Router
from dispatch.script.values import Value
from dispatch.sip import edits
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message

ERROR: Final = -1
"""Level of errors in the log."""
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
        is_myself: whether host and port of a URI are a socket or an alias of ours; known from `take_over` on.
        current: the act that runs (for `KSR`); those that it interrupts are put back afterwards.
        steps: how many routes were begun.
        sockets: ours, which a script may name to send from.
    """

    def __init__(self, router: Router, routes: Routes, parameters: Parameters) -> None:
        self.router = router
        self.routes = routes
        self.parameters = parameters
        self.flags = 0
        self.variables: dict[tuple[str, str], Value] = {}
        self.level = 0
        self.write: Callable[[int, str], None] = lambda level, text: None
        self.is_myself: Callable[[bytes], bool] = lambda uri: False
        self.current: Act | None = None
        self.steps = 0
        self.sockets: Collection[LocalSocket] = ()

    @property
    def dispatcher(self) -> Dispatcher:
        """The sets."""
        return self.router.dispatcher

    def take_over(self, proxy: Proxy) -> None:
        """Decide on whatever comes from now on; what came before stays with the script that it began with."""
        proxy.route = self
        proxy.hands_over = True
        proxy.hears_reply = self.hears_reply if self.routes.any_reply is not None else None
        self.is_myself = proxy.me.is_my_uri

    def __call__(self, context: Context) -> None:
        """A request came: run the request route."""
        act = Act(self, Block.REQUEST, context.message, context.flow)
        act.begin(context)
        if not self.run(self.routes.request, act):
            context.abort()
            return
        server = context.server
        if act.is_done or context.is_waiting or (server is not None and server.is_answered):
            return
        if act.error is not None:
            act.reply_error()
        elif server is not None:
            context.end_unanswered()

    def run(self, body: Body, act: Act) -> bool:
        """Run a route; False where it failed, which is in the log then."""
        before, self.current = self.current, act
        self.steps += 1
        try:
            body(act)
        except (Exit, SystemExit):
            return True
        except Exception as error:
            self.write(ERROR, str(blame(error, self.routes.files)))
            return False
        finally:
            self.current = before
        return True

    def find(self, block: Block, name: str) -> Body | None:
        """The route of that kind and name; None where there is none."""
        return self.routes.named.get((block, name)) if name else None

    def find_branch(self, name: str) -> Body | None:
        """The branch route of that name."""
        return self.find(Block.BRANCH, name)

    def request_of(self, act: Act) -> Request:
        """What the native API says of a request, as a script of this kind wants it."""
        request = Request(act.context, self.router)
        request.take_view(act)
        return request

    # -- what the proxy calls

    def failed(self, act: Act, context: Context, status: int, is_answer: bool) -> None:
        """All branches of a try have failed: run the failure route, which is disarmed by that."""
        name, act.on_failure = act.on_failure, ""
        body = self.find(Block.FAILURE, name)
        if body is None or context.steering is None:
            return
        act.block, act.branch, act.error = Block.FAILURE, context.steering.winner, None
        kept = len(act.edits)
        if not self.run(body, act):
            context.abort()
        del act.edits[kept:]

    def replied(self, act: Act, branch: Branch, reply: Message) -> bool:
        """A response of a transaction: run its reply route; False where that dropped it."""
        body = self.find(Block.REPLY, act.on_reply)
        if body is None:
            return True
        beside = act.of_reply(branch, reply)
        self.run(body, beside)
        reply.edits = beside.edits or None
        return not beside.is_dropped

    def hears_reply(self, reply: Message, flow: Flow) -> bool:
        """A response, before its transaction is looked for; False where ``reply_route`` dropped it."""
        body = self.routes.any_reply
        if body is None:
            return True
        act = Act(self, Block.ANY_REPLY, reply, flow)
        self.run(body, act)
        reply.edits = act.edits or None
        return not act.is_dropped

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that the code of the script comes from."""
        return self.routes.files

    def hears(self, event: str) -> bool:
        """Whether there is a route for that event."""
        return self.find(Block.EVENT, event) is not None

    def event(self, name: str, message: Message, flow: Flow) -> bytes:
        """Run ``event_route[name]``; gives the message with the changes that it wants (``tm:local-request``)."""
        body = self.find(Block.EVENT, name)
        if body is None:
            return message.raw
        act = Act(self, Block.EVENT, message, flow)
        self.run(body, act)
        return edits.apply(message.raw, act.edits) if act.edits else message.raw


def made_up(method: bytes, uri: bytes, listener: Listener) -> Message:
    """A request that stands for an event; nobody ever sends it."""
    return Message(
        b"%b %b SIP/2.0\r\n%bz9hG4bKevent\r\nFrom: <%b>;tag=event\r\nTo: <%b>\r\nCall-ID: event\r\nCSeq: 1 %b\r\n"
        b"Content-Length: 0\r\n\r\n" % (method, uri, listener.via, listener.uri, uri, method)
    )
