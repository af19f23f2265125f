"""Events as HTTP POST."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IConsumer, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import (
    URI,
    Agent,
    BrowserLikePolicyForHTTPS,
    RequestTransmissionFailed,
    ResponseFailed,
)
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgent, IAgentEndpointFactory, IBodyProducer, IResponse
from zope.interface import implementer

from dispatch.events.event import STATE, Event
from dispatch.events.interfaces import IEventSink
from dispatch.events.outbox import Outbox, Undelivered

_PATIENCE: Final = 10.0  # seconds for one POST
_LATER: Final = frozenset((408, 425, 429))  # beside 5xx
_LONGEST_ANSWER: Final = 65536


def checked(url: str) -> str:
    """A URL as an operator wrote it.

    Raises:
        ValueError: nothing can be sent there, and why.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{url!r} is no URL: {error}") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError(f"{url!r} is no URL of http or https with a host")
    if not url.isascii() or any(one.isspace() or not one.isprintable() for one in url):
        raise ValueError(f"{url!r} has characters that are to be written as %XX")
    if parts.username is not None:
        raise ValueError("user and password in it would not be sent; put a token into its path or query")
    if parts.fragment:
        raise ValueError(f"'#{parts.fragment}' in it would not be sent; leave it out")
    return url


@implementer(IEventSink)
class Webhook:
    """Posts each event as a JSON object, but plain changes of state; another try follows where it may help.

    Args:
        reactor: Twisted's.
        url: where to.
        agent: what sends; Twisted's own where it is None.
    """

    def __init__(self, reactor: Any, url: str, agent: IAgent | None = None) -> None:
        parts = urlsplit(url)
        self.name = f"webhook {parts.scheme}://{parts.netloc}"  # there may be a token in the rest
        self._reactor = reactor
        self._url = url.encode("ascii")
        self._agent = agent or Agent.usingEndpointFactory(reactor, _Endpoints(reactor))
        self._outbox = Outbox(reactor, self.name, self._deliver)

    def tell(self, event: Event) -> None:
        """See `IEventSink`."""
        if event.name != STATE:
            self._outbox.put(event)

    def _deliver(self, event: Event) -> Deferred[None]:
        body = _Body(json.dumps(event.fields()).encode())
        headers = Headers({b"content-type": [b"application/json"], b"user-agent": [b"dispatch"]})
        sending: Deferred[Any] = self._agent.request(b"POST", self._url, headers, body)
        sending.addCallback(_finish).addCallbacks(_judge, _again)
        return sending.addTimeout(_PATIENCE, self._reactor, onTimeoutCancel=_late)

    def stop(self) -> None:
        """See `IEventSink`."""
        self._outbox.stop()


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Where connections are made to, so that none of them is in the log: there would be two lines for each event."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._policy = BrowserLikePolicyForHTTPS()

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        host = uri.host.decode("ascii")
        endpoint: IStreamClientEndpoint = HostnameEndpoint(self._reactor, host, uri.port, timeout=_PATIENCE)
        if uri.scheme == b"https":
            endpoint = wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint)
        return _Quiet(endpoint)


@implementer(IStreamClientEndpoint)
class _Quiet:
    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[Any]:
        if isinstance(protocolFactory, Factory):
            protocolFactory.noisy = False
        return self._endpoint.connect(protocolFactory)


def _finish(response: IResponse) -> Deferred[IResponse]:
    """Wait for the end of the answer, so that nothing of it is left behind."""
    discard = _Discard()
    response.deliverBody(discard)
    return discard.done.addCallback(lambda _: response)


def _judge(response: IResponse) -> None:
    code = response.code
    if 200 <= code < 300:
        return
    if code >= 500 or code in _LATER:
        raise Undelivered(f"answered with {code}")
    raise Undelivered(f"answered with {code}", may_help=False)


def _again(failure: Failure) -> None:
    problem = failure.value
    if isinstance(problem, ResponseFailed | RequestTransmissionFailed):
        failure = problem.reasons[0]
    raise Undelivered(failure.getErrorMessage().rstrip(".") or "no connection")


def _late(_: object, seconds: float) -> None:
    raise Undelivered(f"no answer within {seconds:g} s")


@implementer(IBodyProducer)
class _Body:
    """What is posted, in one piece."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self._data)
        return succeed(None)

    def stopProducing(self) -> None:
        pass

    def pauseProducing(self) -> None:
        pass

    def resumeProducing(self) -> None:
        pass


class _Discard(Protocol):
    """Takes an answer that nobody reads."""

    def __init__(self) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self._close())
        self._size = 0

    def dataReceived(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > _LONGEST_ANSWER:
            self._close()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.done.called:
            self.done.callback(None)
