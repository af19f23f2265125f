"""Tests of dispatch.transport.names.resolver."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import TransportError
from dispatch.test.transport.names.zone import DENIED, addresses, services
from dispatch.transport.names.records import FAILED, NOTHING, Answer, Question, Srv
from dispatch.transport.names.resolver import Entry, Lifetime, Resolver
from dispatch.transport.names.steps import Ability
from dispatch.transport.names.target import Place, Want

GW = Want("gw.example", 5070)


class ResolverCase(SynchronousTestCase):
    """A name server that answers when it is told to, and a resolver that is not asked for NAPTR."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.asked: list[tuple[Question, Deferred[Answer]]] = []
        self.changes: list[tuple[str, Entry]] = []
        self.resolver = Resolver(self.clock, self.ask, Lifetime(5.0, 100.0, 10.0), Random(1))
        self.resolver.ability = Ability(asks_naptr=False)
        self.resolver.changed = lambda want, entry, before: self.changes.append((want.host, entry))
        self.resolver.startService()
        self.addCleanup(self.resolver.stopService)

    def ask(self, question: Question) -> Deferred[Answer]:
        self.asked.append((question, Deferred()))
        return self.asked[-1][1]

    def answer(self, answer: Answer) -> str:
        """Answer the oldest question; tells its name."""
        question, waiting = self.asked.pop(0)
        waiting.callback(answer)
        return question.name

    def follow(self, wants: Sequence[Want]) -> None:
        """Have these kept fresh."""
        for _ in self.resolver.follow(wants):
            pass

    def wait(self, seconds: float) -> None:
        self.clock.pump([0.25] * int(seconds / 0.25))

    def found(self, want: Want = GW) -> list[str] | None:
        """The addresses that are known."""
        places = self.resolver.find(want)
        return None if places is None else [address for place in places for address in place.addresses]


class FindTests(ResolverCase):
    def test_literals_need_no_server(self) -> None:
        """An address is its own answer, in one spelling, with the port and transport of the URI."""
        cases = {"192.0.2.1": "192.0.2.1", "[2001:DB8::1]": "2001:db8::1", "2001:db8:0:0::1": "2001:db8::1"}
        for literal, address in cases.items():
            self.assertEqual(self.resolver.find(Want(literal)), (Place(b"UDP", 5060, (address,)),))
            self.assertEqual(self.resolver.lookup(literal), address)
            self.assertEqual(self.successResultOf(self.resolver.resolve(literal)), address)
        self.assertEqual(self.asked, [])

    def test_a_name_is_asked_for_once(self) -> None:
        """However many wait for a name, in any case, one question goes out."""
        first, second = self.resolver.resolve("gw.example"), self.resolver.resolve("GW.example")
        self.assertEqual(len(self.asked), 1)
        self.assertNoResult(first)
        self.assertEqual(self.answer(addresses("192.0.2.7")), "gw.example")
        self.assertEqual([self.successResultOf(first), self.successResultOf(second)], ["192.0.2.7"] * 2)
        self.assertEqual((self.resolver.lookup("gw.example"), self.asked), ("192.0.2.7", []))

    def test_an_old_answer_serves_while_asking(self) -> None:
        """Just past its TTL an answer is still given, and one question goes out for the new one; later it is not."""
        self.resolver.seek(GW)
        self.answer(addresses("192.0.2.7"))
        self.wait(61)
        self.assertEqual([self.found() for _ in range(3)], [["192.0.2.7"]] * 3)
        self.assertEqual(len(self.asked), 1)
        self.answer(addresses("192.0.2.8"))
        self.assertEqual(self.found(), ["192.0.2.8"])
        self.wait(91)
        self.assertIsNone(self.found())

    def test_the_ttl_has_bounds(self) -> None:
        """A TTL of 0 holds five seconds, a huge one a hundred: what the configuration says."""
        for ttl, least, most in ((0, 4.25, 5.25), (2**31 - 1, 89.75, 100.25)):
            self.resolver.seek(GW)
            self.answer(addresses("192.0.2.7", ttl=ttl))
            self.wait(least)
            self.found()
            self.assertEqual(self.asked, [])
            self.wait(most - least)
            self.found()
            self.assertEqual(len(self.asked), 1)
            self.answer(DENIED)
            self.wait(20)

    def test_the_last_good_answer_stays(self) -> None:
        """While DNS fails the address that was known is kept, and asked for again every ten seconds or so."""
        self.resolver.seek(GW)
        self.answer(addresses("192.0.2.7"))
        self.wait(61)
        for _ in range(100):
            self.assertEqual(self.found(), ["192.0.2.7"])
            self.answer(FAILED)
            self.wait(11)
        entry = self.resolver.entry(GW)
        assert entry is not None
        self.assertEqual((entry.is_old, entry.confirmed), (True, 0.0))

    def test_a_server_that_knows_no_srv(self) -> None:
        """Where SRV is never answered the address counts, and follows what DNS says; where it once was, it stays."""
        want = Want("gw.example")
        self.resolver.seek(want)
        for address in ("192.0.2.7", "192.0.2.8"):
            self.answer(FAILED)
            self.answer(addresses(address))
            self.assertEqual(self.found(want), [address])
            self.wait(12)
            self.found(want)
        self.answer(services(Srv(0, 0, 5070, "a.example"), ttl=20))
        self.answer(addresses("192.0.2.9", ttl=20))
        self.wait(21)
        self.found(want)
        self.answer(FAILED)
        self.answer(addresses("192.0.2.8"))
        self.assertEqual(self.found(want), ["192.0.2.9"])

    def test_what_is_denied_is_gone(self) -> None:
        """When DNS says that there is no such name, or no such record, the last good answer goes (RFC 8767 §4)."""
        for gone in (DENIED, NOTHING):
            self.resolver.seek(GW)
            self.answer(addresses("192.0.2.7"))
            self.wait(61)
            self.found()
            self.answer(gone)
            self.assertIsNone(self.found())
            self.wait(11)

    def test_no_address(self) -> None:
        """A name without address fails, and is not asked for again for ten seconds."""
        for answer in (DENIED, FAILED, NOTHING):
            missing = self.resolver.seek(GW)
            self.answer(answer)
            self.failureResultOf(missing, TransportError)
            self.failureResultOf(self.resolver.seek(GW), TransportError)
            self.assertEqual((self.found(), self.asked), (None, []))
            self.wait(11)
        again = self.resolver.seek(GW)
        self.answer(addresses("192.0.2.9"))
        self.assertEqual(self.successResultOf(again)[0].addresses, ("192.0.2.9",))

    def test_odd_names_are_not_asked_for(self) -> None:
        """What can't be a host name, or is an address in disguise, fails without a question."""
        for name in ("", ".", "a..b", "a" * 64, "x." * 200, "b\xfccher.example", "a b", "1.2", "127.1.", "-x", "a\n"):
            self.failureResultOf(self.resolver.resolve(name), TransportError)
        self.follow([Want("a b"), Want("")])
        self.assertEqual(self.asked, [])

    def test_a_name_may_begin_with_a_digit(self) -> None:
        """A host name may look like the beginning of an address (RFC 1123 §2.1)."""
        found = self.resolver.resolve("1.gw.example.com")
        self.answer(addresses("192.0.2.7"))
        self.assertEqual(self.successResultOf(found), "192.0.2.7")

    def test_a_bug_is_no_end(self) -> None:
        """An exception while asking is logged, who waits is told, and the next name is asked for."""
        resolver = Resolver(self.clock, self.ask)
        waiting = resolver.seek(Want("x.example", 1))
        self.asked.pop(0)[1].errback(ZeroDivisionError())
        self.failureResultOf(waiting, TransportError)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        following = resolver.resolve("y.example")
        self.answer(addresses("192.0.2.7"))
        self.assertEqual(self.successResultOf(following), "192.0.2.7")


class BoundsTests(ResolverCase):
    def test_questions_at_once(self) -> None:
        """Sixty-four names are asked for at a time, the others wait for their turn; none is left out."""
        found = [self.resolver.resolve(f"gw{number}.example") for number in range(1000)]
        self.assertEqual(len(self.asked), 64)
        for _ in found:
            self.answer(addresses("192.0.2.7"))
        self.assertEqual({self.successResultOf(one) for one in found}, {"192.0.2.7"})

    def test_strangers_are_capped(self) -> None:
        """With 1000 names waited for another one fails at once; those can still be waited for, an answer makes room."""
        waiting = [self.resolver.resolve(f"gw{number}.example") for number in range(1000)]
        self.failureResultOf(self.resolver.resolve("more.example"), TransportError)
        self.assertNoResult(self.resolver.resolve("gw7.example"))
        self.answer(addresses("192.0.2.7"))
        self.assertEqual(self.successResultOf(waiting[0]), "192.0.2.7")
        self.assertNoResult(self.resolver.resolve("more.example"))

    def test_memory_is_bounded(self) -> None:
        """Of names that are in no list, ten thousand are remembered; those of the list stay whatever strangers ask."""
        self.follow([GW])
        self.answer(addresses("192.0.2.6"))
        for number in range(10_001):
            self.resolver.resolve(f"gw{number}.example")
            self.answer(addresses("192.0.2.7"))
        self.assertIsNone(self.resolver.lookup("gw0.example"))
        self.assertEqual(self.resolver.lookup("gw1.example"), "192.0.2.7")
        self.assertEqual(self.found(), ["192.0.2.6"])

    def test_answers_that_come_at_once(self) -> None:
        """Ten thousand names that need no waiting don't pile up calls."""
        resolver = Resolver(self.clock, lambda question: succeed(addresses("192.0.2.7")))
        wants = [Want(f"gw{number}.example", 5060) for number in range(10_000)]
        for _ in resolver.follow(wants):
            pass
        self.assertTrue(all(resolver.find(want) for want in wants))


class FollowTests(ResolverCase):
    def test_a_large_list(self) -> None:
        """Ten thousand names are asked for with 48 questions at a time, and all of them come to an answer."""
        wants = [Want(f"gw{number}.example", 5060) for number in range(10_000)]
        self.follow(wants)
        most = 0
        while self.asked:
            most = max(most, len(self.asked))
            self.answer(addresses("192.0.2.7", ttl=1000))
        self.assertEqual((most, len(self.changes)), (48, 10_000))
        self.assertTrue(all(self.resolver.find(want) for want in wants))

    def test_a_caller_goes_first(self) -> None:
        """A name that somebody waits for is asked for at once, however long the list is, and also when it is in it."""
        self.follow([Want(f"gw{number:05}.example", 5060) for number in range(10_000)])
        self.resolver.resolve("other.example")
        self.resolver.resolve("gw09999.example")
        self.assertEqual([question.name for question, _ in self.asked[48:]], ["other.example", "gw09999.example"])

    def test_it_is_kept_fresh(self) -> None:
        """A name of the list is asked for again before anybody needs it, within its TTL, and a change is told once."""
        self.follow([GW])
        self.answer(addresses("192.0.2.7", ttl=20))
        for _ in range(3):
            self.wait(20.25)
            self.answer(addresses("192.0.2.8", ttl=20))
        self.assertEqual([entry.places[0].addresses for _, entry in self.changes], [("192.0.2.7",), ("192.0.2.8",)])
        self.assertEqual(self.found(), ["192.0.2.8"])

    def test_refreshing_is_spread(self) -> None:
        """Names that were answered at the same moment are not all asked for again at the same moment."""
        self.follow([Want(f"gw{number}.example", 5060) for number in range(40)])
        while self.asked:
            self.answer(addresses("192.0.2.7", ttl=100))
        self.wait(94)
        self.assertTrue(10 < len(self.asked) < 30, len(self.asked))

    def test_failing_and_back(self) -> None:
        """That DNS fails is told once, with the last good answer, and once that it is back."""
        self.follow([GW])
        self.answer(addresses("192.0.2.7", ttl=20))
        for answer in (FAILED, FAILED, addresses("192.0.2.7", ttl=20)):
            self.wait(20.25)
            self.answer(answer)
        self.assertEqual([entry.is_old for _, entry in self.changes], [False, True, False])

    def test_no_longer_followed(self) -> None:
        """A name that left the list is not asked for any more, and one that comes back is."""
        self.follow([GW])
        self.answer(addresses("192.0.2.7", ttl=20))
        self.follow([])
        self.wait(60)
        self.assertEqual(self.asked, [])
        self.follow([GW])
        self.wait(1)
        self.assertEqual(len(self.asked), 1)

    def test_two_lists_at_once(self) -> None:
        """A list that comes into force while the one before is still gone through is the one that counts."""
        first = self.resolver.follow([GW, Want("old.example", 1)])
        next(first)
        self.follow([Want("new.example", 1)])
        list(first)
        self.assertEqual([question.name for question, _ in self.asked], ["gw.example", "new.example"])

    def test_stop(self) -> None:
        """A resolver that stopped asks nothing more and has nothing in the reactor."""
        self.follow([Want(f"gw{number}.example", 5060) for number in range(100)])
        self.resolver.stopService()
        while self.asked:
            self.answer(addresses("192.0.2.7"))
        self.assertEqual((self.asked, self.clock.getDelayedCalls()), ([], []))
        self.assertLess(len(self.changes), 100)
        self.resolver.startService()
