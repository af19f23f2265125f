"""The door to twistd: ``twistd dispatcher -c FILE``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from twisted.application.service import IService
from twisted.python import usage

from dispatch.balance import pace
from dispatch.errors import DispatchError
from dispatch.service import collector, config_file, tree
from dispatch.service.hangup import HangUp


class Options(usage.Options):
    """What twistd takes behind ``dispatcher``."""

    optParameters = (("config", "c", "dispatcher.toml", "The configuration file."),)

    def parseArgs(self, *args: str) -> None:
        """Nothing but options."""
        if args:
            raise usage.UsageError(f"don't know what to do with {args[0]!r}; name the configuration by -c")


def makeService(options: Options) -> IService:
    """Load everything and take the sockets, so that a problem ends the program here.

    Raises:
        SystemExit: with every problem, a line each; status 1.
    """
    from twisted.internet import reactor as installed

    return load(Path(options["config"]), installed)


def load(path: Path, reactor: Any) -> IService:
    """The service that a file describes; see `makeService`."""
    try:
        top = tree.make_service(config_file.load(path), reactor)
    except DispatchError as error:
        raise SystemExit(str(error)) from None
    HangUp(reactor, top.hang_up).setServiceParent(top)
    collector.rounds(reactor).setServiceParent(top)
    reactor.callWhenRunning(_settle, reactor)
    return top


def _settle(reactor: Any) -> None:
    """Now that the reactor runs, keep what would hold it up away from it."""
    collector.settle()
    pace.lend_from(partial(reactor.callFromThread, reactor.callLater))
    reactor.addSystemEventTrigger("before", "shutdown", pace.lend_from, None)
