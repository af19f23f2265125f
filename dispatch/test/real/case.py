"""The base of tests with real peers: what each starts is ended with it, and its logs are shown when it fails."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeVar
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.real import ports, service
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.sipp import Sipp

Started = TypeVar("Started", bound=Process)


def require(*programs: str) -> None:
    """Skip without these programs; fail instead where ``DISPATCH_STRICT`` is set.

    Raises:
        SkipTest: one is missing.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if missing and os.environ.get("DISPATCH_STRICT"):
        raise AssertionError(f"not installed: {', '.join(missing)}")
    if missing:
        raise SkipTest(f"not installed: {', '.join(missing)}")


def _telling(test: Callable[[RealCase], None]) -> Callable[[RealCase], None]:
    @functools.wraps(test)
    def wrapper(self: RealCase) -> None:
        try:
            test(self)
        except SkipTest:
            raise
        except Exception:
            print(f"\n=== {self.id()}: files in {self.folder}", file=sys.stderr)
            for process in self.started:
                print(process.tail(), file=sys.stderr)
            raise

    return wrapper


class Mute:
    """An address of ours where nothing is ever answered."""

    def __init__(self, address: Socket) -> None:
        self.address = address
        self._socket = socket.socket(type=socket.SOCK_STREAM if address.proto == "tcp" else socket.SOCK_DGRAM)
        self._socket.bind((address.host, address.port))
        self._socket.setblocking(False)
        if address.proto == "tcp":
            self._socket.listen()

    def heard(self) -> bytes | bool:
        """What came first: a datagram, or whether somebody connected."""
        try:
            if self.address.proto == "udp":
                return self._socket.recv(65536)
            connection, _ = self._socket.accept()
        except BlockingIOError:
            return False
        connection.close()
        return True

    def close(self) -> None:
        self._socket.close()


class RealCase(SynchronousTestCase):
    """Peers over `proto`, on loopback ports that were free."""

    proto: ClassVar[str] = "udp"
    programs: ClassVar[tuple[str, ...]] = ("sipp",)
    ours_only: ClassVar[bool] = False

    def setUp(self) -> None:
        self.started: list[Process] = []
        if service.STAND_IN:
            require("kamailio")
            if self.ours_only:
                raise SkipTest("says nothing about Kamailio")
        require(*self.programs)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def __init_subclass__(cls) -> None:
        """Every test tells what the peers logged when it fails."""
        super().__init_subclass__()
        for name, method in list(vars(cls).items()):
            if name.startswith("test_"):
                setattr(cls, name, _telling(method))

    def keep(self, process: Started) -> Started:
        """End it with the test; answers it when it is bound."""
        self.started.append(process)
        self.addCleanup(process.stop)
        process.wait_bound()
        return process

    def address(self, proto: str | None = None, host: str = ports.LOOPBACK) -> Socket:
        """An address with a free port."""
        return Socket(proto or self.proto, ports.free(host), host)

    def uri(self, at: Socket) -> str:
        """The address as it stands in a list."""
        return f"sip:{at.address}" + ("" if at.proto == "udp" else f";transport={at.proto}")

    def silent(self, host: str = ports.LOOPBACK) -> Mute:
        """Somebody who takes everything and says nothing."""
        mute = Mute(self.address(host=host))
        self.addCleanup(mute.close)
        return mute

    def gateway(
        self,
        scenario: str,
        name: str = "gateway",
        *,
        at: Socket | None = None,
        calls: int | None = 1,
        traced: bool = True,
        patient: bool = False,
        extra: Sequence[str] = (),
    ) -> Sipp:
        """A gateway that is ready for calls."""
        address = at or self.address()
        return self.keep(
            Sipp(
                name,
                scenario,
                self.folder,
                address,
                calls=calls,
                traced=traced,
                patient=patient,
                lasting=30 if calls else 300,  # who goes on until stopped does so, however busy the machine is
                extra=extra,
            )
        )

    def caller(
        self,
        scenario: str,
        to: Socket,
        name: str = "caller",
        *,
        calls: int = 1,
        rate: int = 50,
        traced: bool = True,
        patient: bool = False,
        extra: Sequence[str] = (),
    ) -> Sipp:
        """A caller at work; `finish` waits for it."""
        at = self.address(to.proto, to.host)
        return self.keep(
            Sipp(
                name,
                scenario,
                self.folder,
                at,
                to=to,
                calls=calls,
                rate=rate,
                traced=traced,
                patient=patient,
                extra=extra,
            )
        )

    def proxy(
        self,
        *gateways: Process | Socket,
        at: Sequence[Socket] = (),
        name: str = "proxy",
        algorithm: int = 4,
        relay: str = "stateful",
        silence: float = 10.0,
        grace: float = 5.0,
    ) -> Process:
        """The proxy under test, ready, with these gateways as its set."""
        addresses = [gateway.sockets[0] if isinstance(gateway, Process) else gateway for gateway in gateways]
        plan = service.Plan(
            tuple(at) or (self.address(),),
            tuple(map(self.uri, addresses)),
            algorithm=algorithm,
            relay=relay,
            silence=silence,
            grace=grace,
        )
        return self.keep(service.start(name, self.folder, plan))
