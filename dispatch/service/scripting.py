"""A script put to work: the stage that it runs on, and the events that it hears of."""

from __future__ import annotations

from typing import Final

from twisted.logger import Logger, LogLevel

from dispatch.balance.change import Change
from dispatch.probe import Prober
from dispatch.proxy.proxy import Proxy
from dispatch.script.kamailio import compiler
from dispatch.script.route import Router
from dispatch.script.stage import Stage, made_up
from dispatch.service.config import Config
from dispatch.service.listen import local_sockets
from dispatch.service.script_config import ScriptConfig
from dispatch.sip.flow import Flow, Listener
from dispatch.sip.message import Message

log: Final = Logger()

_LEVELS: Final = {-5: LogLevel.critical, -4: LogLevel.critical, -3: LogLevel.critical, -2: LogLevel.critical}
_OTHERS: Final = {-1: LogLevel.error, 0: LogLevel.warn, 1: LogLevel.info, 2: LogLevel.info}


class Scripting:
    """A script at work.

    Args:
        config: of the service.
        script: of it.
        router: the dispatcher, and what all routes have in common.

    Attributes:
        stage: where it runs.
    """

    def __init__(self, config: Config, script: ScriptConfig, router: Router) -> None:
        self.stage = Stage(router, compiler.load(script.compiled, config.path), script.parameters)
        self.stage.level = script.level
        self.stage.variables.update(script.variables)
        self.stage.write = _write
        self.stage.sockets = local_sockets(config.sip.listen)
        self._listener: Listener | None = None

    def begin(self, proxy: Proxy, listener: Listener) -> None:
        """Decide from now on."""
        self._listener = listener
        self.stage.take_over(proxy)

    def changed(self, change: Change) -> None:
        """A destination went down or came back: ``event_route[dispatcher:dst-down]`` and its like."""
        name = f"dispatcher:dst-{change.event}"
        if self._listener is None or change.event not in ("down", "up") or not self.stage.hears(name):
            return
        uri = change.destination.uri
        message = made_up(b"OPTIONS", uri, self._listener)
        self.stage.event(name, message, Flow(self._listener, (self._listener.host, self._listener.port)))

    def follow(self, prober: Prober) -> None:
        """Show probes to ``event_route[tm:local-request]``, which may change them."""
        if self.stage.hears("tm:local-request"):
            prober.changes = lambda probe, flow: self.stage.event("tm:local-request", Message(probe), flow)


def _write(level: int, text: str) -> None:
    log.emit(_LEVELS.get(level) or _OTHERS.get(level, LogLevel.debug), "{text}", text=text)
