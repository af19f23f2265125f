"""Tests of dispatch.service.tree: the whole service on a reactor of memory, with sockets of the loopback interface."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IResolutionReceiver
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import LogLevel, capturedLogs, formatEvent
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.balance.admin import DRAIN, MAINTENANCE, Admin
from dispatch.balance.destination import Row
from dispatch.balance.ejection import Ejection
from dispatch.balance.membership import ALL_SETS, ANY_PROTOCOL
from dispatch.balance.pace import PAUSE
from dispatch.balance.selection import find_algorithm
from dispatch.errors import ConfigErrors
from dispatch.service import tree
from dispatch.service.config import Config, Lists, StateConfig
from dispatch.service.control_address import ControlAddress
from dispatch.service.control_config import ControlConfig
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.dns_config import DnsConfig
from dispatch.service.events_config import EventsConfig
from dispatch.service.health_config import HealthConfig
from dispatch.service.listen import Listen
from dispatch.service.sip_config import Limits, Sip
from dispatch.sip.message import Message
from dispatch.sip.timers import Timers
from dispatch.test.wire import request
from dispatch.transport.stream import StreamTransport

# Nobody listens there: what is sent is lost without a complaint.
LIST = b"1 sip:127.0.0.71:9\n1 sip:127.0.0.72:9\n2 sip:127.0.0.73:9\n"


class FakePool:
    """A pool of threads whose work is done when the test says so."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def callInThreadWithCallback(
        self, done: Callable[[bool, object], None], function: Callable[[], object], *args: object
    ) -> None:
        def work() -> None:
            try:
                result: object = function(*args)
            except Exception:
                done(False, Failure())
            else:
                done(True, result)

        self._waiting.append(work)

    def work(self) -> int:
        """Do what waits now; tells how much that was."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            one()
        return len(waiting)


class FakeReactor(MemoryReactorClock):
    """With threads."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = FakePool()

    def getThreadPool(self) -> FakePool:
        return self.pool

    def callFromThread(self, function: Callable[..., object], *args: object) -> None:
        function(*args)


def realistic() -> Any:
    """A reactor whose sockets are the system's; it does not run."""
    from twisted.internet import reactor

    return reactor


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port of 127.0.0.1 that nobody has now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])


def is_free(listen: Listen) -> bool:
    """Whether the socket can be had."""
    kind = socket.SOCK_DGRAM if listen.proto == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((listen.host, listen.port))
        except OSError:
            return False
    return True


class TreeCase(SynchronousTestCase):
    """A configuration in a folder of its own."""

    def setUp(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        self.list = folder / "dispatcher.list"
        self.list.write_bytes(LIST)
        self.udp = Listen("udp", "127.0.0.1", free_port())
        self.tcp = Listen("tcp", "127.0.0.1", free_port(socket.SOCK_STREAM))
        self.config = Config(
            folder / "dispatcher.toml",
            sip=Sip(
                listen=(self.udp, self.tcp),
                secret_file=folder / "secret",
                timers=Timers(grace=2.0),
                dns=DnsConfig(addresses="system"),
                limits=Limits(connections=64),  # every machine has files for so many
            ),
            dispatcher=DispatcherConfig(list_file=self.list, flags=2),
        )
        self.reactor = FakeReactor()

    def started(self) -> tree.DispatcherService:
        """A service that runs."""
        service = tree.make_service(self.config, self.reactor)
        service.startService()
        self.addCleanup(service.stopService)
        self.reactor.pump([PAUSE] * 10)
        return service


class StartTests(TreeCase):
    def test_streams(self) -> None:
        """Streams know the destinations of the list in force, and what else is configured for them."""
        balancers = (ip_network("10.0.0.0/24"),)
        sip = replace(self.config.sip, stream_ping=20.0, tcp_alias=True, proxy_protocol={self.tcp: balancers})
        self.config = replace(self.config, sip=sip)
        (stream,) = [one for one in self.started()._transports if isinstance(one, StreamTransport)]
        self.assertEqual((stream.ping_interval, stream.balancers), (20.0, balancers))
        self.assertTrue(stream.is_known("127.0.0.73"))
        self.assertFalse(stream.is_known("127.0.0.1"))
        assert stream.may_share is not None
        for host, may in (("127.0.0.73", True), ("127.0.0.1", False)):
            connection = stream.answer((host, 1))
            assert connection is not None
            self.assertEqual(stream.may_share(connection), may)
            connection.connectionLost()

    def test_too_few_files(self) -> None:
        """Limits that this machine has no files for are warned of."""
        limits = Limits(connections=1 << 30)
        self.config = replace(self.config, sip=replace(self.config.sip, limits=limits))
        with capturedLogs() as events:
            self.started()
        self.assertEqual(len([event for event in events if "LimitNOFILE" in formatEvent(event)]), 1)

    def test_one_line(self) -> None:
        """At start one line says what listens and what was loaded, and nothing is odd."""
        with capturedLogs() as events:
            self.started()
        self.assertEqual(
            [formatEvent(event) for event in events if event["log_namespace"] == tree.__name__],
            [f"listening on {self.udp}, {self.tcp}; 3 destinations in 2 sets from {self.list}"],
        )

    def test_warnings_are_logged(self) -> None:
        """What is odd about the list is told when the service starts."""
        self.list.write_bytes(LIST + b"1 http://gw\n")
        with capturedLogs() as events:
            self.started()
        warnings = [formatEvent(event) for event in events if event["log_level"] is LogLevel.warn]
        self.assertEqual(len(warnings), 1)
        self.assertIn(f"{self.list}:4: ", str(warnings[0]))

    def test_an_unknown_name(self) -> None:
        """A destination whose name has no address is told as a warning, and the service runs."""
        self.list.write_bytes(b"1 sip:gw.example.invalid:5060\n")
        self.reactor.nameResolver.resolveHostName = (  # type: ignore[method-assign]  # knows no name
            lambda receiver, name, *rest: receiver.resolutionComplete()
        )
        with capturedLogs() as events:
            self.started()
            self.reactor.advance(0.3)
        self.assertIn(
            "no address for 'gw.example.invalid'",
            [formatEvent(event) for event in events if event["log_level"] is LogLevel.warn],
        )

    def knows(self, names: dict[str, str]) -> None:
        """Let the reactor's resolver know these names."""

        def resolve(receiver: IResolutionReceiver, name: str, *rest: object) -> None:
            if name in names:
                receiver.addressResolved(IPv4Address("UDP", names[name], 0))
            receiver.resolutionComplete()

        self.reactor.nameResolver.resolveHostName = resolve  # type: ignore[method-assign,assignment]

    def find(self, service: tree.DispatcherService, uri: bytes) -> bytes | None:
        """The destination that a URI names, without waiting."""
        router = service.router
        found = router.membership.find_uri(uri, ALL_SETS, ANY_PROTOCOL, router.lookup)
        return found.uri if found is not None else None

    def test_names_are_looked_up(self) -> None:
        """The names in the list have addresses when a request asks who its sender is, also after a reload."""
        self.list.write_bytes(b"1 sip:gw.example:5070\n")
        self.knows({"gw.example": "192.0.2.9", "new.example": "192.0.2.10"})
        service = self.started()
        self.assertEqual(self.find(service, b"sip:192.0.2.9:5070"), b"sip:gw.example:5070")
        self.list.write_bytes(b"1 sip:gw.example:5070\n1 sip:new.example:5071\n")
        service.lists.reload()
        self.reactor.pool.work()
        before = service.router.membership
        self.assertEqual(self.find(service, b"sip:192.0.2.9:5070"), b"sip:gw.example:5070")
        self.reactor.pump([PAUSE] * 10)
        self.assertEqual(self.find(service, b"sip:192.0.2.10:5071"), b"sip:new.example:5071")
        self.assertIs(service.router.membership, before)

    def test_a_name_that_is_asked_for(self) -> None:
        """A name that a request brings is looked up for the next time; one without address stays nobody's."""
        self.list.write_bytes(b"1 sip:192.0.2.9:5070\n")
        self.knows({"alias.example": "192.0.2.9"})
        service = self.started()
        found = [self.find(service, b"sip:alias.example:5070") for _ in range(2)]
        self.assertEqual(found, [None, b"sip:192.0.2.9:5070"])
        self.assertIsNone(self.find(service, b"sip:nobody.example:5070"))
        self.assertIsNone(self.find(service, b"sip:nobody.example:5070"))

    def test_a_route_reloads(self) -> None:
        """A route can have the list read again."""
        service = self.started()
        self.list.write_bytes(b"7 sip:192.0.2.9\n")
        assert service.router.reload is not None
        service.router.reload()
        self.reactor.pool.work()
        self.assertEqual(list(service.dispatcher.groups), [7])

    def test_calls_are_looked_after(self) -> None:
        """Where calls are counted somebody looks for those that never end, and is gone when the service stops."""
        for size, waiting in ((0, 0), (8, 1)):
            parameters = replace(self.config.dispatcher, ds_hash_size=size, ds_hash_check_interval=77)
            listen = Listen("udp", "127.0.0.1", free_port())
            self.config = replace(self.config, dispatcher=parameters, sip=replace(self.config.sip, listen=(listen,)))
            service = tree.make_service(self.config, self.reactor)
            service.startService()
            looks = [one for one in self.reactor.getDelayedCalls() if one.getTime() == self.reactor.seconds() + 77]
            self.assertEqual(len(looks), waiting)
            self.reactor.advance(78)
            service.stopService()
            self.reactor.pump([PAUSE] * 10)
            self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_an_unknown_algorithm(self) -> None:
        """A route that asks for an algorithm that does not exist is warned of in the log."""
        service = self.started()
        with capturedLogs() as events:
            service.dispatcher.select(Message(request()), 1, find_algorithm(99))
        ((event),) = [formatEvent(one) for one in events if one["log_level"] is LogLevel.warn]
        self.assertIn("algorithm 99", event)

    def test_everything_is_connected(self) -> None:
        """A datagram that comes to a socket goes through engine and route, and what the route says goes out."""
        self.started()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.settimeout(5)
            caller.bind(("127.0.0.1", 0))
            caller.sendto(
                request(b"OPTIONS", b"sip:127.0.0.1:%d" % self.udp.port, via=b"127.0.0.1;rport"),
                ("127.0.0.1", self.udp.port),
            )
            for reader in self.reactor.getReaders():
                reader.doRead()
            self.assertTrue(caller.recv(4096).startswith(b"SIP/2.0 200 OK\r\n"))

    def test_live_traffic(self) -> None:
        """With [health] the sets hear of live traffic, time passes for it, and overload control is offered in Via."""
        health = HealthConfig(slow_start=5.0, overload_control=True, ejection=Ejection(consecutive_failures=1))
        self.config = replace(self.config, health=health)
        service = self.started()
        self.assertIn(b";oc;", service.engine.listeners[0].via)
        live, group = service.dispatcher.live, service.dispatcher.groups[1]
        assert live is not None
        live.heard(group.members[0], 408)
        conduct = group.members[0].condition.conduct
        assert conduct is not None
        conduct.out_until = 0.5  # long ago, as the clock of the service goes
        self.reactor.advance(1)
        self.assertFalse(conduct.is_out)

    def test_the_secret_stays(self) -> None:
        """A second start reads the secret that the first one made."""
        self.started()
        first = self.config.sip.secret_file.read_text()
        self.config = replace(
            self.config, sip=replace(self.config.sip, listen=(Listen("udp", "127.0.0.1", free_port()),))
        )
        self.started()
        self.assertEqual(self.config.sip.secret_file.read_text(), first)


class FailedStartTests(TreeCase):
    """What can't start says why, and keeps nothing."""

    def assert_refused(self, *texts: str) -> None:
        with self.assertRaises(ConfigErrors) as caught:
            tree.make_service(self.config, self.reactor)
        self.assertEqual(len(caught.exception.problems), len(texts))
        for problem, text in zip(caught.exception.problems, texts, strict=True):
            self.assertIn(text, str(problem))
        self.assertEqual((self.reactor.getReaders(), self.reactor.getDelayedCalls()), ([], []))

    def test_no_list(self) -> None:
        """Without its list the service does not start."""
        self.list.unlink()
        self.assert_refused(f"{self.list}: cannot be read (No such file or directory)")

    def test_a_bad_list(self) -> None:
        """Every bad line of the list is told."""
        self.list.write_bytes(b"1\n" + LIST + b"2\n")
        self.assert_refused(f"{self.list}:1: ", f"{self.list}:5: ")
        self.assertTrue(is_free(self.udp))

    def test_a_bad_secret(self) -> None:
        """A secret that is none is told like every other problem, before any socket is taken."""
        self.config.sip.secret_file.write_text("hush")
        self.assert_refused(f"{self.config.sip.secret_file}:1: no secret")
        self.assertTrue(is_free(self.udp))

    def test_a_port_that_is_taken(self) -> None:
        """A socket that can't be had is named, and those that were taken before it are given back."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
            other.bind((self.tcp.host, self.tcp.port))
            other.listen()
            self.assert_refused(f"{self.config.path}: {self.tcp}: address already in use")
        self.assertTrue(is_free(self.udp))


class ControlTests(TreeCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.config.path.parent / "amp.sock"
        self.config = replace(self.config, control=ControlConfig((ControlAddress(self.path),)))

    def test_open(self) -> None:
        """A door opens where the configuration says, for nobody else but who runs the service."""
        service = self.started()
        ((path, _, _, mode, _),) = self.reactor.unixServers
        self.assertEqual((path, mode), (str(self.path), 0o600))
        self.successResultOf(service.stopService())

    def test_closed_unless_named(self) -> None:
        """Without a word about control nothing listens."""
        self.config = replace(self.config, control=ControlConfig())
        self.started()
        self.assertEqual((self.reactor.unixServers, self.reactor.tcpServers), ([], []))

    def test_no_folder(self) -> None:
        """A socket that can't be made ends the start with a line that says why, and no socket is kept."""
        self.config = replace(self.config, control=ControlConfig((ControlAddress(Path("/nowhere/amp.sock")),)))
        with self.assertRaises(ConfigErrors) as caught:
            tree.make_service(self.config, realistic())
        self.assertIn("[control] amp: unix:/nowhere/amp.sock: no such file or directory", str(caught.exception))
        self.assertTrue(is_free(self.udp))

    def test_preview(self) -> None:
        """A preview tells what the list, or another text, would change, and changes nothing."""
        service = self.started()
        self.list.write_bytes(LIST + b"2 sip:127.0.0.74:9\n")
        before = service.dispatcher.groups
        for text, uri in ((None, b"sip:127.0.0.74:9"), (LIST + b"1 sip:127.0.0.75:9\n", b"sip:127.0.0.75:9")):
            done = service.lists.preview(text)
            self.reactor.pool.work()
            roster, (change,) = self.successResultOf(done)
            assert change.after is not None
            self.assertEqual((change.kind, change.after.uri, roster.errors), ("added", uri, ()))
        self.list.unlink()
        done = service.lists.preview()
        self.reactor.pool.work()
        roster, changes = self.successResultOf(done)
        self.assertEqual((len(roster.errors), changes), (1, []))
        self.assertIs(service.dispatcher.groups, before)


class ProbeTests(TreeCase):
    def probed(self, interval: int) -> bytes:
        """What a destination has got when the service has started; nothing of it is left in the reactor then."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gateway:
            gateway.bind(("127.0.0.1", 0))
            gateway.setblocking(False)
            self.list.write_bytes(b"1 sip:127.0.0.1:%d\n" % gateway.getsockname()[1])
            parameters = replace(self.config.dispatcher, ds_ping_interval=interval, ds_probing_mode=1)
            self.config = replace(self.config, dispatcher=parameters)
            service = self.started()
            self.successResultOf(service.stopService())
            self.assertEqual((self.reactor.getReaders(), self.reactor.getDelayedCalls()), ([], []))
            try:
                return gateway.recv(65535)
            except BlockingIOError:
                return b""

    def test_with_an_interval(self) -> None:
        """With an interval the first probe leaves when the service starts, under our name."""
        probe = self.probed(30)
        self.assertTrue(probe.startswith(b"OPTIONS sip:127.0.0.1:"))
        self.assertIn(b"\r\nUser-Agent: dispatch/", probe)

    def test_without(self) -> None:
        """Without one nobody is probed."""
        self.assertEqual(self.probed(0), b"")


class StopTests(TreeCase):
    def test_nothing_is_left(self) -> None:
        """A service that stopped has nothing in the reactor, and its ports are free."""
        service = self.started()
        self.assertNotEqual(self.reactor.getReaders(), [])
        self.successResultOf(service.stopService())
        self.assertEqual((self.reactor.getReaders(), self.reactor.getDelayedCalls()), ([], []))
        self.assertTrue(is_free(self.udp))
        self.assertTrue(is_free(self.tcp))

    def test_at_once(self) -> None:
        """A service that stops before the reactor came to run leaves nothing either."""
        service = tree.make_service(self.config, self.reactor)
        service.startService()
        self.successResultOf(service.stopService())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_before_the_start(self) -> None:
        """A service that was made and never started gives its sockets back."""
        self.successResultOf(tree.make_service(self.config, self.reactor).stopService())
        self.assertTrue(is_free(self.udp))
        self.assertTrue(is_free(self.tcp))

    def test_open_requests(self) -> None:
        """An INVITE that is not answered holds the end up, until the grace is over."""
        service = self.started()
        (listener, _) = service.engine.listeners
        service.engine.received(request(), listener.transport.flow_to("127.0.0.1", 9))
        stopped = service.stopService()
        self.assertNoResult(stopped)
        self.assertNotEqual(self.reactor.getReaders(), [])
        service.engine.timers.advance(service.engine.timers.now + 2.0)
        self.successResultOf(stopped)
        self.assertEqual((self.reactor.getReaders(), self.reactor.getDelayedCalls()), ([], []))


class ReloadTests(TreeCase):
    def setUp(self) -> None:
        super().setUp()
        self.service = self.started()

    def uris(self) -> list[bytes]:
        return [one.uri for one in self.service.dispatcher.destinations()]

    def reload(self) -> list[str]:
        """Read the list again; what was logged."""
        with capturedLogs() as events:
            done = self.service.lists.reload()
            self.reactor.pool.work()
            self.reactor.pump([PAUSE] * 10)
            self.successResultOf(done)
        return [str(formatEvent(event)) for event in events]

    def test_what_it_comes_to(self) -> None:
        """Who waits for a reload is told what was read, when it is in force, or what is wrong with it."""
        for text, sets, wrong in ((b"7 sip:a\n", [7], 0), (b"7\n", [], 1)):
            self.list.write_bytes(text)
            done = self.service.lists.reload()
            self.assertNoResult(done)
            self.reactor.pool.work()
            roster = self.successResultOf(done)
            self.assertEqual((list(roster.sets), len(roster.errors)), (sets, wrong))
            self.assertEqual(list(self.service.dispatcher.groups), [7])

    def test_a_good_list(self) -> None:
        """A good list comes into force, one line says so, and states stay with those that stay."""
        self.service.dispatcher.set_state(1, b"sip:127.0.0.71:9", health.INACTIVE)
        self.list.write_bytes(b"1 sip:127.0.0.71:9\n1 sip:127.0.0.79:9\n")
        self.assertEqual(self.reload(), [f"2 destinations in 1 sets from {self.list}"])
        self.assertEqual(
            [(one.uri, one.flags) for one in self.service.dispatcher.destinations()],
            [(b"sip:127.0.0.79:9", 0), (b"sip:127.0.0.71:9", 1)],
        )

    def test_amended(self) -> None:
        """A change in memory comes after the reloads that wait, and before those that are asked for later."""
        self.list.write_bytes(b"1 sip:127.0.0.71:9\n")
        lists, seen = self.service.lists, []

        def longer(rows: list[Row]) -> list[Row]:
            seen.append(len(rows))
            return [*rows, Row(1, b"sip:127.0.0.78:9", 0, 0, b"", 99)]

        done = [lists.reload(), lists.amend(longer), lists.amend(longer), lists.reload()]
        self.reactor.pool.work()
        self.reactor.pool.work()
        self.assertEqual((seen, self.uris()), ([1], [b"sip:127.0.0.78:9", b"sip:127.0.0.71:9"]))
        self.reactor.pool.work()
        self.assertEqual((seen, len(self.uris())), ([1, 2], 3))
        self.reactor.pool.work()
        self.assertEqual(self.uris(), [b"sip:127.0.0.71:9"])
        self.assertEqual([len(self.successResultOf(one).sets[1]) for one in done], [1, 2, 3, 1])

    def test_a_bug_while_amending(self) -> None:
        """A change that fails is logged and told, and the list before stays in force."""
        done = self.service.lists.amend(lambda rows: [None])  # type: ignore[list-item]
        self.reactor.pool.work()
        self.assertEqual(len(self.successResultOf(done).errors), 1)
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)
        self.assertEqual(len(self.uris()), 3)

    def test_states_start_anew(self) -> None:
        """With reload_keeps_state = false a reload forgets states, as in the original; a change in memory does not."""
        self.config = replace(
            self.config,
            sip=replace(self.config.sip, listen=(Listen("udp", "127.0.0.1", free_port()),)),
            lists=Lists(reload_keeps_state=False),
        )
        self.service = self.started()
        self.service.dispatcher.set_state(1, b"sip:127.0.0.71:9", health.INACTIVE)
        amended = self.service.lists.amend(lambda rows: rows)
        self.reactor.pool.work()
        self.successResultOf(amended)
        self.assertEqual(sorted(one.flags for one in self.service.dispatcher.destinations()), [0, 0, 1])
        self.reload()
        self.assertEqual([one.flags for one in self.service.dispatcher.destinations()], [0, 0, 0])

    def test_a_bad_list(self) -> None:
        """A bad list changes nothing, and each line that is wrong is told."""
        before = self.service.dispatcher.groups
        self.list.write_bytes(LIST + b"1\n2\n")
        first, second, last = self.reload()
        self.assertIn(f"{self.list}:4: ", first)
        self.assertIn(f"{self.list}:5: ", second)
        self.assertEqual(last, "the list before stays in force")
        self.assertIs(self.service.dispatcher.groups, before)

    def test_no_list(self) -> None:
        """A list that is gone changes nothing."""
        before = self.service.dispatcher.groups
        self.list.unlink()
        self.assertEqual(self.reload()[-1], "the list before stays in force")
        self.assertIs(self.service.dispatcher.groups, before)

    def test_many_at_a_time(self) -> None:
        """However many ask while the list is read, it is read once more, and all are told when that is in force."""
        first, *others = [self.service.lists.reload() for _ in range(100)]
        self.assertEqual(self.reactor.pool.work(), 1)
        self.successResultOf(first)
        self.list.write_bytes(b"1 sip:a\n")
        for one in others:
            self.assertNoResult(one)
        self.assertEqual(self.reactor.pool.work(), 1)
        for one in others:
            self.assertEqual(list(self.successResultOf(one).sets), [1])
        self.assertEqual((self.uris(), self.reactor.pool.work()), ([b"sip:a"], 0))

    def test_addresses_are_ready(self) -> None:
        """What takes long about addresses is done before calls come in: at start, and in the thread of a reload."""
        self.assertIs(self.service.router._membership.groups, self.service.dispatcher.groups)
        self.list.write_bytes(b"1 sip:127.0.0.78:9\n")
        self.reload()
        self.assertIs(self.service.router._membership.groups, self.service.dispatcher.groups)
        self.assertTrue(self.service.router.is_destination(b"127.0.0.78"))

    def test_one_after_the_other(self) -> None:
        """Of two reloads the later one decides, however long the first one takes."""
        done = [self.service.lists.reload(), self.service.lists.reload()]
        self.list.write_bytes(b"1 sip:a\n")
        self.assertEqual(self.reactor.pool.work(), 1)
        self.list.write_bytes(b"1 sip:b\n")
        self.assertEqual(self.reactor.pool.work(), 1)
        for one in done:
            self.successResultOf(one)
        self.assertEqual(self.uris(), [b"sip:b"])

    def test_open_calls(self) -> None:
        """A call that was under way when the list changed fails over to the destinations it began with."""
        (listener, _) = self.service.engine.listeners
        decisions: list[bytes] = []
        self.service.router.observer = lambda decision: decisions.append(decision.destination)
        self.service.engine.received(request(), listener.transport.flow_to("127.0.0.1", 9))
        self.list.write_bytes(b"1 sip:127.0.0.79:9\n")
        self.reload()
        self.assertEqual(decisions, [b"sip:127.0.0.72:9"])
        self.service.engine.timers.advance(self.service.engine.timers.now + 30.1)
        self.assertEqual(decisions, [b"sip:127.0.0.72:9", b"sip:127.0.0.71:9"])

    def test_too_late(self) -> None:
        """A list that was read when the service has stopped already is left alone."""
        done = self.service.lists.reload()
        before = self.service.dispatcher.groups
        self.successResultOf(self.service.stopService())
        self.reactor.pool.work()
        self.assertEqual(len(self.successResultOf(done).errors), 1)
        self.assertIs(self.service.dispatcher.groups, before)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_after_a_bad_one(self) -> None:
        """A reload that failed does not hurt the next."""
        self.list.unlink()
        self.list.mkdir()
        self.assertEqual(self.reload()[-1], "the list before stays in force")
        self.list.rmdir()
        self.list.write_bytes(b"1 sip:b\n")
        self.reload()
        self.assertEqual(self.uris(), [b"sip:b"])


class EventTests(TreeCase):
    """What happens to a destination, as far as the whole brings it to those who want to know."""

    URI = b"sip:127.0.0.73:9"

    def setUp(self) -> None:
        super().setUp()
        folder = self.config.path.parent
        self.journal, self.state = folder / "events.log", folder / "state"
        self.config = replace(self.config, events=EventsConfig(log=self.journal), state=StateConfig(self.state))

    def told(self) -> list[str]:
        return [json.loads(line)["event"] for line in self.journal.read_text().splitlines()]

    def settle(self) -> None:
        """Let threads and errands do what waits."""
        while self.reactor.pool.work() or self.is_due():
            self.reactor.advance(PAUSE)

    def is_due(self) -> bool:
        """Whether something is to be done at once, or in the next slice of an errand."""
        return any(call.getTime() <= self.reactor.rightNow + PAUSE for call in self.pending())

    def pending(self) -> list[Any]:
        return cast(list[Any], self.reactor.getDelayedCalls())

    def test_from_change_to_line(self) -> None:
        """A change is told, kept in the history, and logged where it is an event; a drain is followed to its end."""
        one = self.started().dispatcher
        with capturedLogs() as logged:
            one.update(2, self.URI, health.INACTIVE, "probe not answered", "probe")
            one.set_state(2, self.URI, 0)
            one.administer(2, self.URI, Admin(DRAIN, 5.0), "drained by a command")
            self.reactor.advance(1)
            self.settle()
            self.reactor.pump([PAUSE] * 10)
        self.assertEqual(self.told(), ["dst-down", "state", "drain", "drained"])
        history = one.groups[2].members[0].condition.history
        self.assertEqual([entry.event for entry in history or ()], ["down", "", "drain", "drained"])
        lines = [formatEvent(each) for each in logged if each["log_namespace"] == tree.__name__]
        self.assertEqual(
            lines,
            [
                "set 2 sip:127.0.0.73:9: AX -> IX, probe not answered",
                "set 2 sip:127.0.0.73:9: drain, drained by a command",
                "set 2 sip:127.0.0.73:9: drained, no request waits for an answer; calls are not counted",
            ],
        )

    def test_over_a_restart(self) -> None:
        """What a person decided and what is known of health outlives the service, also one that was killed."""
        first = tree.make_service(self.config, self.reactor)
        first.startService()
        first.dispatcher.update(1, b"sip:127.0.0.71:9", health.INACTIVE | health.PROBING)
        first.dispatcher.administer(2, self.URI, Admin(MAINTENANCE, 5.0), "")
        self.settle()
        killed = self.state.read_bytes()
        stopping = first.stopService()
        self.settle()
        self.successResultOf(stopping)
        for text in (killed, self.state.read_bytes()):
            self.state.write_bytes(text)
            second = tree.make_service(self.config, self.reactor)
            found = [(health.letters(each.flags), each.condition.admin) for each in second.dispatcher.destinations()]
            self.assertEqual(found, [("AX", Admin(MAINTENANCE, 5.0)), ("AX", None), ("IP", None)])
            second.startService()
            stopping = second.stopService()
            self.settle()
            self.successResultOf(stopping)

    def test_a_broken_state(self) -> None:
        """A state file that is garbage ends up beside, and the service starts with the list's states."""
        self.state.write_bytes(b"\0garbage\n")
        with capturedLogs() as logged:
            service = self.started()
        self.assertEqual([each.flags for each in service.dispatcher.destinations()], [0, 0, 0])
        errors = [formatEvent(each) or "" for each in logged if each["log_level"] is LogLevel.error]
        self.assertEqual(len(errors), 1)
        self.assertIn(f"{self.state}: record 1: ", errors[0])
        self.assertTrue(self.state.with_name("state.broken").exists())
