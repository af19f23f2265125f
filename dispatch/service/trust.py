"""TLS in force: our certificates, who is expected where, and what follows when it is another."""

from __future__ import annotations

from typing import Any, Final

from twisted.logger import Logger

from dispatch.balance import tls_peer
from dispatch.balance.dispatcher import Dispatcher
from dispatch.errors import ConfigError, ConfigErrors
from dispatch.script.route import Router
from dispatch.service.config import Config
from dispatch.service.listen import Listen
from dispatch.service.tls_config import Tls
from dispatch.sip.flow import Flow, Peer
from dispatch.transport.tls import TlsLayer, judge
from dispatch.transport.tls_context import Contexts

log: Final = Logger()


def examine(config: Config) -> tuple[tuple[ConfigError, ...], tuple[ConfigError, ...]]:
    """What is wrong with the files of TLS, and what will not be good for long."""
    if not any(listen.is_secure for listen in config.sip.listen):
        return (), ()
    try:
        return (), Contexts(config.sip.tls, judge).warnings
    except ConfigErrors as error:
        return error.problems, ()


class Trust:
    """What all ``tls`` sockets have in common.

    Args:
        settings: what was read.
        reactor: Twisted's.
        dispatcher: the sets.
        router: knows who is a destination.

    Raises:
        ConfigErrors: a file is no good.
    """

    def __init__(self, settings: Tls, reactor: Any, dispatcher: Dispatcher, router: Router) -> None:
        self._settings = settings
        self._reactor = reactor
        self._dispatcher = dispatcher
        self._router = router
        self._contexts = Contexts(settings, judge)

    def start(self) -> None:
        """Tell what will not be good for long."""
        for problem in self._contexts.warnings:
            log.warn("{problem}", problem=problem)

    def layer(self, listen: Listen) -> TlsLayer:
        """What lies between TCP and SIP on a socket."""
        layer = TlsLayer(self._contexts, asks=self._settings.asks(listen), clock=self._reactor)
        layer.refused = self._refused
        return layer

    def renew(self) -> None:
        """Read all files again; a bad one leaves what is in force."""
        try:
            self._contexts.renew()
        except ConfigErrors as error:
            for problem in error.problems:
                log.error("{problem}", problem=problem)
            log.error("the certificates before stay in force")
            return
        log.info("certificates read again; connections from now on have them")
        self.start()

    def peer_of(self, host: bytes, address: str, port: int) -> Peer:
        """See `Engine.peer_of`."""
        verifies = self._settings.verify_server
        return tls_peer.of_place(self._router.membership, host, address, port, verifies=verifies)

    def _refused(self, flow: Flow, reason: str) -> None:
        verifies = self._settings.verify_server
        for destination in tls_peer.reached_by(self._dispatcher.destinations(), flow, verifies=verifies):
            self._dispatcher.distrust(destination, reason)
