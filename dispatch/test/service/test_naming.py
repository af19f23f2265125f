"""Tests of dispatch.service.naming, within the whole: the names of a list, and what they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.logger import LogLevel, capturedLogs, formatEvent

from dispatch.balance import health
from dispatch.balance.admin import MAINTENANCE, Admin
from dispatch.service import tree
from dispatch.service.config import Lists, StateConfig
from dispatch.service.dns_config import DnsConfig
from dispatch.test.service.test_tree import TreeCase


class NamingCase(TreeCase):
    """The system's resolver knows `names`; an answer holds ten seconds."""

    def setUp(self) -> None:
        super().setUp()
        self.names: dict[str, list[str]] = {"gw.example": ["192.0.2.1", "192.0.2.2"]}
        self.reactor.nameResolver.resolveHostName = self.resolve  # type: ignore[method-assign,assignment]
        dns = DnsConfig(addresses="system", min_ttl=1.0, max_ttl=10.0, negative_ttl=5.0)
        self.list.write_bytes(b"1 sip:gw.example:5070\n")
        self.config = replace(
            self.config,
            sip=replace(self.config.sip, dns=dns),
            state=StateConfig(self.config.path.parent / "state"),
        )

    def resolve(self, receiver: Any, name: str, *rest: object) -> None:
        for address in self.names.get(name, ()):
            receiver.addressResolved(IPv4Address("UDP", address, 0))
        receiver.resolutionComplete()

    def wait(self, seconds: float) -> None:
        """Let time pass, and threads work."""
        for _ in range(int(seconds / 0.25)):
            self.reactor.advance(0.25)
            self.reactor.pool.work()

    def stop(self, service: tree.DispatcherService) -> None:
        stopping = service.stopService()
        self.wait(1)
        self.successResultOf(stopping)


class OneTests(NamingCase):
    def members(self, service: tree.DispatcherService, *addresses: str) -> list[bool]:
        """Whether each address is one of a destination."""
        return [service.router.membership.find(address, 5070, b"", 1) is not None for address in addresses]

    def test_all_addresses_are_its_own(self) -> None:
        """A request from any address of the name is one from the destination, and no longer when that has changed."""
        service = self.started()
        self.assertEqual(self.members(service, "192.0.2.1", "192.0.2.2", "192.0.2.3"), [True, True, False])
        self.names["gw.example"] = ["192.0.2.3"]
        self.wait(11)
        self.assertEqual(self.members(service, "192.0.2.1", "192.0.2.2", "192.0.2.3"), [False, False, True])

    def test_a_name_that_was_known_before(self) -> None:
        """A name that a request brought, and a list later, is its destination's from then on."""
        service = self.started()
        self.names["other.example"] = ["192.0.2.8"]
        service._resolver.resolve("other.example")
        self.list.write_bytes(b"1 sip:other.example:5060\n")
        service.lists.reload()
        self.wait(1)
        self.assertIsNotNone(service.router.membership.find("192.0.2.8", 5060, b"", 1))

    def test_in_words(self) -> None:
        """What a name stands for is said, and how old that is while DNS fails; of an address nothing is."""
        self.list.write_bytes(b"1 sip:gw.example:5070\n1 sip:gone.example:5070\n1 sip:192.0.2.9\n")
        service = self.started()

        def said() -> list[str]:
            return [service._naming.standing(one) for one in service.dispatcher.destinations()]

        self.assertEqual(said(), ["", "nothing (0 s old, DNS fails)", "192.0.2.1:5070 192.0.2.2:5070"])
        self.names.clear()
        self.wait(25)
        self.assertEqual(said()[2], "192.0.2.1:5070 192.0.2.2:5070 (25 s old, DNS fails)")

    def test_many_complaints(self) -> None:
        """Of many names that fail at once ten are named, and the others counted."""
        self.list.write_bytes(b"".join(b"1 sip:gw%d.example:5070\n" % number for number in range(100)))
        with capturedLogs() as events:
            self.started()
            self.wait(1)
        lines = [formatEvent(event) for event in events if event["log_level"] is LogLevel.warn]
        self.assertEqual((len(lines), lines[-1]), (11, "and 90 names more"))


class AllTests(NamingCase):
    def setUp(self) -> None:
        super().setUp()
        self.config = replace(self.config, lists=Lists(resolve="all"))

    def uris(self, service: tree.DispatcherService) -> list[bytes]:
        return [one.uri for one in service.dispatcher.destinations()]

    def test_machines(self) -> None:
        """The machines come into force when DNS has answered, follow it, and stay while it fails and over a reload."""
        service = self.started()
        self.assertEqual(self.uris(service), [b"sip:gw.example:5070"])
        self.wait(1)
        both = [b"sip:192.0.2.1:5070", b"sip:192.0.2.2:5070"]
        self.assertEqual(self.uris(service), both)
        service.dispatcher.set_state(1, both[1], health.INACTIVE)
        service.lists.reload()
        self.wait(1)
        self.assertEqual([one.flags for one in service.dispatcher.destinations()], [0, health.INACTIVE])
        self.names.clear()
        self.wait(30)
        self.assertEqual(self.uris(service), both)
        self.names["gw.example"] = ["192.0.2.2", "192.0.2.3"]
        self.wait(11)
        self.assertEqual(self.uris(service), [b"sip:192.0.2.2:5070", b"sip:192.0.2.3:5070"])
        self.assertEqual([one.flags for one in service.dispatcher.destinations()], [health.INACTIVE, 0])

    def test_nothing_changes(self) -> None:
        """A reload of the same list would change nothing, and says so."""
        service = self.started()
        self.wait(1)
        previewed = service.lists.preview()
        self.reactor.pool.work()
        self.assertEqual(self.successResultOf(previewed)[1], [])

    def test_flag_16(self) -> None:
        """A destination that is not to be looked up is one, and is called by its name."""
        self.list.write_bytes(b"1 sip:gw.example:5070 16\n")
        service = self.started()
        self.wait(1)
        self.assertEqual(self.uris(service), [b"sip:gw.example:5070"])

    def test_over_a_restart(self) -> None:
        """Machines and what was decided about each outlive the service, also when there is no DNS at the next start."""
        first = tree.make_service(self.config, self.reactor)
        first.startService()
        self.wait(1)
        first.dispatcher.administer(1, b"sip:192.0.2.2:5070", Admin(MAINTENANCE, 5.0), "")
        self.stop(first)
        self.names.clear()
        second = tree.make_service(self.config, self.reactor)
        for _ in range(2):
            found = [(one.uri, one.condition.admin is not None) for one in second.dispatcher.destinations()]
            self.assertEqual(found, [(b"sip:192.0.2.1:5070", False), (b"sip:192.0.2.2:5070", True)])
            if not second.running:
                second.startService()
            self.wait(20)
        self.stop(second)
