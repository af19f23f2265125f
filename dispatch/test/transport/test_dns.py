"""Tests of dispatch.transport.dns."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostResolution, IResolutionReceiver
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from dispatch.errors import TransportError
from dispatch.transport.dns import INamingReactor, Resolver, _Receiver


class Names:
    """A name server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, IResolutionReceiver]] = []

    def resolveHostName(self, receiver: IResolutionReceiver, name: str) -> IHostResolution:
        self.asked.append((name, receiver))
        return cast(IHostResolution, None)

    def answer(self, *addresses: str) -> str:
        name, receiver = self.asked.pop(0)
        receiver.resolutionBegan(cast(IHostResolution, None))
        for address in addresses:
            kind: Any = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, 0))
        receiver.resolutionComplete()
        return name


class NamingClock(Clock):
    """A reactor as far as names need one."""

    def __init__(self) -> None:
        super().__init__()
        self.nameResolver = Names()


class ResolverTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = NamingClock()
        self.names = self.clock.nameResolver
        self.resolver = Resolver(cast(INamingReactor, self.clock))

    def test_provides_what_the_reactor_asks_for(self) -> None:
        """What collects the answers is a resolution receiver."""
        verifyObject(IResolutionReceiver, _Receiver(lambda found: None))

    def test_literals_need_no_server(self) -> None:
        """An address is its own answer, in one spelling."""
        cases = {"192.0.2.1": "192.0.2.1", "[2001:DB8::1]": "2001:db8::1", "2001:db8:0:0::1": "2001:db8::1"}
        for literal, address in cases.items():
            self.assertEqual(self.resolver.lookup(literal), address)
            self.assertEqual(self.successResultOf(self.resolver.resolve(literal)), address)
        self.assertEqual(self.names.asked, [])

    def test_questions_are_capped(self) -> None:
        """With 1000 names asked for another one fails at once; those can still be waited for, an answer makes room."""
        waiting = [self.resolver.resolve(f"gw{number}.example.com") for number in range(1000)]
        self.failureResultOf(self.resolver.resolve("more.example.com"), TransportError)
        self.assertNoResult(self.resolver.resolve("gw7.example.com"))
        self.assertEqual(len(self.names.asked), 1000)
        self.names.answer("192.0.2.7")
        self.assertEqual(self.successResultOf(waiting[0]), "192.0.2.7")
        self.assertNoResult(self.resolver.resolve("more.example.com"))

    def test_a_name_is_asked_for_once(self) -> None:
        """However many wait for a name, in any case, one question goes out."""
        first = self.resolver.resolve("gw.example.com")
        second = self.resolver.resolve("GW.example.com")
        self.assertEqual(len(self.names.asked), 1)
        self.assertNoResult(first)
        self.assertEqual(self.names.answer("192.0.2.7"), "gw.example.com")
        self.assertEqual([self.successResultOf(first), self.successResultOf(second)], ["192.0.2.7"] * 2)

    def test_an_answer_is_remembered(self) -> None:
        """Once resolved, a name is known at once."""
        self.assertIsNone(self.resolver.lookup("gw.example.com"))
        self.resolver.resolve("gw.example.com")
        self.names.answer("192.0.2.7")
        self.assertEqual(self.resolver.lookup("gw.example.com"), "192.0.2.7")
        self.assertEqual(self.names.asked, [])

    def test_ipv4_comes_first(self) -> None:
        """Of addresses of both kinds the first IPv4 one counts."""
        found = self.resolver.resolve("gw.example.com")
        self.names.answer("2001:db8::1", "192.0.2.8", "192.0.2.7")
        self.assertEqual(self.successResultOf(found), "192.0.2.8")
        only = self.resolver.resolve("six.example.com")
        self.names.answer("2001:db8::1")
        self.assertEqual(self.successResultOf(only), "2001:db8::1")

    def test_an_old_answer_serves_while_asking(self) -> None:
        """After a minute the old address is still given, and one question goes out for the new one."""
        self.resolver.resolve("gw.example.com")
        self.names.answer("192.0.2.7")
        self.clock.advance(60.0)
        self.assertEqual([self.resolver.lookup("gw.example.com") for _ in range(3)], ["192.0.2.7"] * 3)
        self.assertEqual(len(self.names.asked), 1)
        self.names.answer("192.0.2.8")
        self.assertEqual(self.resolver.lookup("gw.example.com"), "192.0.2.8")

    def test_the_last_good_answer_stays(self) -> None:
        """When DNS fails, the address that was known is kept, and asked for again later."""
        self.resolver.resolve("gw.example.com")
        self.names.answer("192.0.2.7")
        self.clock.advance(60.0)
        self.resolver.lookup("gw.example.com")
        self.names.answer()
        self.assertEqual(self.resolver.lookup("gw.example.com"), "192.0.2.7")
        self.assertEqual(self.names.asked, [])
        self.clock.advance(10.0)
        self.assertEqual(self.resolver.lookup("gw.example.com"), "192.0.2.7")
        self.assertEqual(len(self.names.asked), 1)

    def test_no_address(self) -> None:
        """A name without address fails, and is not asked for again for ten seconds."""
        missing = self.resolver.resolve("gone.example.com")
        self.names.answer()
        self.failureResultOf(missing, TransportError)
        self.failureResultOf(self.resolver.resolve("gone.example.com"), TransportError)
        self.assertIsNone(self.resolver.lookup("gone.example.com"))
        self.assertEqual(self.names.asked, [])
        self.clock.advance(10.0)
        again = self.resolver.resolve("gone.example.com")
        self.names.answer("192.0.2.9")
        self.assertEqual(self.successResultOf(again), "192.0.2.9")

    def test_odd_names_are_not_asked_for(self) -> None:
        """What can't be a host name, or is an address in disguise, fails without a question."""
        for name in ("", ".", "a..b", "a" * 64, "x." * 200, "b\xfccher.example", "a b", "1.2", "127.1.", "-x", "a\n"):
            self.failureResultOf(self.resolver.resolve(name), TransportError)
        self.assertEqual(self.names.asked, [])

    def test_a_name_may_begin_with_a_digit(self) -> None:
        """A host name may look like the beginning of an address (RFC 1123 §2.1)."""
        found = self.resolver.resolve("1.gw.example.com")
        self.names.answer("192.0.2.7")
        self.assertEqual(self.successResultOf(found), "192.0.2.7")

    def test_memory_is_bounded(self) -> None:
        """However many names there are, ten thousand are remembered."""
        for number in range(10_001):
            self.resolver.resolve(f"gw{number}.example.com")
            self.names.answer("192.0.2.7")
        self.assertIsNone(self.resolver.lookup("gw0.example.com"))
        self.assertEqual(self.resolver.lookup("gw1.example.com"), "192.0.2.7")
