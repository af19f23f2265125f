"""The door to twistd: ``twistd dispatcher -c FILE``."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any, Final

from twisted.application.service import IService
from twisted.python import usage

from dispatch.errors import DispatchError
from dispatch.service import config, tree
from dispatch.service.hangup import HangUp

_YOUNG: Final = 50_000  # allocations between two looks of the garbage collector; transactions die by reference count


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
        top = tree.make_service(config.load(path), reactor)
    except DispatchError as error:
        raise SystemExit(str(error)) from None
    HangUp(reactor, top.reload).setServiceParent(top)
    reactor.callWhenRunning(_settle)
    return top


def _settle() -> None:
    """Take what is there for good out of the garbage collector's rounds."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 50, 100)
