"""What a machine may ask for: the narrow interface that the engine hands to transactions and proxy.

Machines call it; nothing is returned to be carried out later. A call costs a tenth of a microsecond where an object for
each effect costs several times that, and a test records the calls as well as it would compare values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Protocol

from dispatch.sip.flow import Flow, Listener
from dispatch.sip.timers import Queues

if TYPE_CHECKING:
    from dispatch.sip.client_transaction import ClientTransaction
    from dispatch.sip.message import Message
    from dispatch.sip.server_transaction import ServerTransaction


Socket = tuple[str, str, int]
"""A local socket by protocol (``udp``), address and port."""


class Core(Protocol):
    """What the engine does for a machine.

    Attributes:
        timers: where a machine starts its timers.
    """

    timers: Queues

    def add_client(self, transaction: ClientTransaction) -> None:
        """Responses with this transaction's branch and method are its own from now on."""

    def forget_client(self, transaction: ClientTransaction) -> None:
        """The transaction has terminated."""

    def add_server(self, transaction: ServerTransaction) -> None:
        """Copies of this transaction's request are its own from now on."""

    def forget_server(self, transaction: ServerTransaction) -> None:
        """The transaction has terminated."""

    def respond_anew(self, message: bytes, flow: Flow) -> None:
        """The connection that the request came on is gone: find another way for its response (RFC 3261 §18.2.2)."""


class ClientUser(Protocol):
    """Who a client transaction reports to."""

    def provisional(self, client: ClientTransaction, response: Message) -> None:
        """A provisional response came, 100 included."""

    def final(self, client: ClientTransaction, response: Message) -> None:
        """A final response came; for an INVITE every 2xx, copies included."""

    def failed(self, client: ClientTransaction, status: int) -> None:
        """No response will come: 408 for silence, 503 for a network that refused (§16.9)."""


class Locator(Protocol):
    """Who knows the way to a URI."""

    def locate(
        self, uri: bytes, inbound: Listener, socket: Socket | None = None, message: Message | None = None
    ) -> Flow | None:
        """The way to the host of `uri`, from the listener that fits; None when it isn't known (yet).

        Where several machines answer for a name, those of the same Call-ID as `message` go to the same one.
        """

    def locate_other(
        self, uri: bytes, inbound: Listener, socket: Socket | None, message: Message | None, tried: Collection[Flow]
    ) -> Flow | None:
        """The next way to the host of `uri` after those that were tried (RFC 3263 §4.3); None when there is none."""

    def locate_later(
        self, uri: bytes, inbound: Listener, socket: Socket | None, then: Callable[[Flow | None], None]
    ) -> None:
        """Look the name up, then call `then`; with None where there is no such host or no fitting listener."""
