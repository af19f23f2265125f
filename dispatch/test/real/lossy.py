"""A bad road: a UDP relay that loses datagrams and changes their order, the same ones for the same seed and traffic."""

from __future__ import annotations

import random
import selectors
import socket
import threading
from typing import Final

from dispatch.test.real.process import Socket

_BUFFER: Final = 1 << 20
_IDLE: Final = 0.02
_OVERTAKEN_BY: Final = 3


class _Lane:
    """One direction: takes datagrams, says which go on now."""

    def __init__(self, seed: int, loss: float, reorder: float) -> None:
        self._random = random.Random(seed)
        self._loss = loss
        self._reorder = reorder
        self._held: list[bytes] = []
        self._overtaken = 0
        self.lost = 0
        self.late = 0

    def take(self, datagram: bytes) -> list[bytes]:
        fate = self._random.random()
        if fate < self._loss:
            self.lost += 1
            return []
        if fate < self._loss + self._reorder:
            self.late += 1
            self._held.append(datagram)
            return []
        self._overtaken += bool(self._held)
        return [datagram, *(self.release() if self._overtaken >= _OVERTAKEN_BY else [])]

    def release(self) -> list[bytes]:
        """What was held back, now that others overtook it or none come."""
        held, self._held, self._overtaken = self._held, [], 0
        return held


class LossyRelay(threading.Thread):
    """Takes datagrams at `at` to `target`, and the answers back to whoever sent last.

    Args:
        loss: share of datagrams lost, each way.
        reorder: share held back until others have overtaken it.
        seed: of the two random sources.
    """

    def __init__(self, at: Socket, target: Socket, *, loss: float = 0.05, reorder: float = 0.05, seed: int = 1) -> None:
        super().__init__(name=f"lossy {at.port}", daemon=True)
        self.at = at
        self._target = (target.host, target.port)
        self._near = self._bind((at.host, at.port))
        self._far = self._bind((at.host, 0))
        self._lanes = {self._near: _Lane(seed, loss, reorder), self._far: _Lane(seed + 1, loss, reorder)}
        self._peer: tuple[str, int] | None = None
        self._wake, self._woken = socket.socketpair()

    @staticmethod
    def _bind(address: tuple[str, int]) -> socket.socket:
        bound = socket.socket(type=socket.SOCK_DGRAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        bound.bind(address)
        bound.setblocking(False)
        return bound

    @property
    def lost(self) -> int:
        """Datagrams lost so far, both ways."""
        return sum(lane.lost for lane in self._lanes.values())

    @property
    def late(self) -> int:
        """Datagrams that others overtook, both ways."""
        return sum(lane.late for lane in self._lanes.values())

    def run(self) -> None:
        with selectors.DefaultSelector() as selector:
            for one in (self._near, self._far, self._woken):
                selector.register(one, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select(_IDLE)]
                if self._woken in ready:
                    return
                for near in (True, False):
                    source = self._near if near else self._far
                    self._send(near, self._read(near, source) if source in ready else self._lanes[source].release())

    def _read(self, near: bool, source: socket.socket) -> list[bytes]:
        datagram, sender = source.recvfrom(65536)
        if near:
            self._peer = sender
        return self._lanes[source].take(datagram)

    def _send(self, near: bool, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            if near:
                self._far.sendto(datagram, self._target)
            elif self._peer is not None:
                self._near.sendto(datagram, self._peer)

    def stop(self) -> None:
        """End the thread; its sockets are closed when this returns."""
        self._wake.send(b".")
        self.join()
        for one in (self._near, self._far, self._wake, self._woken):
            one.close()
