"""Each algorithm with real calls: who gets them is what the rules say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from dispatch.balance.hashing import hash_of
from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.phone import Phone
from dispatch.test.real.process import Process, Socket
from dispatch.test.real.scenario import (
    accept,
    ack,
    ack_failure,
    arrives,
    document,
    inside,
    invite,
    pause,
    reply,
    response,
    ringing,
)
from dispatch.test.real.sipp import Seen, Sipp
from dispatch.test.real.test_cancel import STOPS
from dispatch.test.real.test_failover import TAKES, fails, gets
from dispatch.test.vectors import statistics

# Every call has a caller, a callee, an account and a key of its own.
CALLER = (
    document(
        "caller",
        invite(
            headers=['Proxy-Authorization: Digest username="u[call_number]", realm="r"', "X-Key: key of [call_number]"]
        ),
        *(response(100, optional=True), response(180), response(200, routes=True), ack(), pause(20)),
        *(inside("BYE", cseq=2), response(200)),
    )
    .replace("<sip:caller@", "<sip:c[call_number]@")
    .replace("[service]", "s[call_number]")
)
GATEWAYS = 3
Key = Callable[[Seen], tuple[bytes, ...]]


def address(value: bytes) -> tuple[bytes, bytes]:
    """User, and host with port, of a URI that has them."""
    found = re.search(rb"sip:([^@]+)@([^;>]+)", value)
    assert found is not None
    return found[1], found[2]


class AlgorithmCase(RealCase):
    ours_only = True

    def proxy_by(
        self,
        algorithm: int | str,
        gateways: Sequence[Process | Socket],
        attributes: Sequence[str] = (),
        parameters: Mapping[str, service.Value] | None = None,
        route: Mapping[str, service.Value] | None = None,
        silence: float = 10.0,
        *,
        level: bool = False,
    ) -> Process:
        """The proxy, with these gateways in this order; `level`: of the same priority."""
        at = [gateway.sockets[0] if isinstance(gateway, Process) else gateway for gateway in gateways]
        listed = list(map(self.uri, at))
        for number, text in enumerate(attributes):
            listed[number] += f" {text}"
        plan = service.Plan(
            (self.address(),),
            tuple(listed),
            algorithm=algorithm,
            silence=silence,
            level=level,
            parameters=parameters or {},
            route=route or {},
        )
        return self.keep(service.start("proxy", self.folder, plan))


class SpreadTests(AlgorithmCase):
    def calls(
        self,
        algorithm: int | str,
        calls: int,
        attributes: Sequence[str] = (),
        parameters: Mapping[str, service.Value] | None = None,
        *,
        level: bool = False,
    ) -> list[list[Seen]]:
        """The INVITEs of so many calls that all succeeded, by gateway."""
        gateways = [self.gateway(TAKES, f"gateway{number}", calls=None) for number in range(GATEWAYS)]
        proxy = self.proxy_by(algorithm, gateways, attributes, parameters, level=level)
        counted = self.caller(CALLER, proxy.sockets[0], calls=calls, rate=100, traced=False).finish()
        self.assertEqual((counted.successful, counted.failed), (calls, 0))
        return [_first_copies(gateway) for gateway in gateways]

    def counts(
        self, algorithm: int | str, calls: int, attributes: Sequence[str] = (), *, level: bool = False
    ) -> list[int]:
        return [len(seen) for seen in self.calls(algorithm, calls, attributes, level=level)]

    def assert_hashed(self, algorithm: int, key: Key, parameters: Mapping[str, service.Value] | None = None) -> None:
        """Each call came where its hash says, and there were different ones."""
        for number, seen in enumerate(self.calls(algorithm, 40, parameters=parameters)):
            self.assertTrue(seen)
            self.assertEqual({hash_of(*key(one)) % GATEWAYS for one in seen}, {number})

    def test_hash_callid(self) -> None:
        """0: by Call-ID."""
        self.assert_hashed(0, lambda seen: (seen.value(b"Call-ID"),))

    def test_hash_from(self) -> None:
        """1: by caller."""
        self.assert_hashed(1, lambda seen: address(seen.value(b"From")))

    def test_hash_from_user(self) -> None:
        """1 with `flags` bit 1: by the user part of the caller alone."""
        self.assert_hashed(1, lambda seen: address(seen.value(b"From"))[:1], {"flags": 3})

    def test_hash_to(self) -> None:
        """2: by what was called first."""
        self.assert_hashed(2, lambda seen: address(seen.value(b"To")))

    def test_hash_ruri(self) -> None:
        """3: by what is called."""
        self.assert_hashed(3, lambda seen: address(seen.uri))

    def test_hash_auth(self) -> None:
        """5: by account."""

        def account(seen: Seen) -> tuple[bytes, ...]:
            return (seen.value(b"Proxy-Authorization").split(b'"')[1],)

        self.assert_hashed(5, account)

    def test_hash_pvar(self) -> None:
        """7: by what `hash_pvar` says."""
        self.assert_hashed(7, lambda seen: (b"x" + seen.value(b"X-Key"),), {"hash_pvar": "x$hdr(X-Key)"})

    def test_round_robin(self) -> None:
        """4: the same number for each, one after the other."""
        self.assertEqual(self.counts(4, 60), [20] * 3)

    def test_random(self) -> None:
        """6: a fair sample."""
        counts = Counter(dict(enumerate(self.counts(6, 300))))
        self.assertTrue(statistics.fits(counts, dict.fromkeys(range(3), 1 / 3)), counts)

    def test_priority(self) -> None:
        """8, and any number that is none: the first takes all."""
        self.assertEqual(self.counts(8, 10), [10, 0, 0])

    def test_weight(self) -> None:
        """9: of each hundred calls what the weights say, the rest to the last."""
        self.assertEqual(self.counts(9, 200, ["weight=50", "weight=30", "weight=5"]), [100, 60, 40])

    def test_relative_weight(self) -> None:
        """11: of each hundred calls what the relative weights say, what rounding leaves to the last."""
        self.assertEqual(self.counts(11, 100, ["rweight=1", "rweight=3", "rweight=2"]), [16, 50, 34])

    def test_latency(self) -> None:
        """13: where nobody is slow, those of the same priority take turns."""
        self.assertEqual(self.counts(13, 30, level=True), [10] * 3)

    def test_priority_weight(self) -> None:
        """Ours: of the same priority, exactly as the weights say."""
        weights = ["weight=1", "weight=2", "weight=3"]
        self.assertEqual(self.counts("priority-weight", 60, weights, level=True), [10, 20, 30])

    def test_priority_or_round_robin(self) -> None:
        """Ours: of the same priority, one after the other."""
        self.assertEqual(self.counts("priority-or-round-robin", 30, level=True), [10] * 3)

    def test_overload_control(self) -> None:
        """Ours: where nobody asks to be spared, one after the other."""
        self.assertEqual(self.counts("overload-control", 30), [10] * 3)

    def test_weighted(self) -> None:
        """Our own: exactly as the weights say, with any sum."""
        self.assertEqual(self.counts("weighted", 84, ["weight=1", "weight=2", "weight=4"]), [12, 24, 48])


class ParallelTests(AlgorithmCase):
    def test_the_first_to_answer_gets_the_call(self) -> None:
        """All gateways ring at once; the one that answers keeps the call, the others get a CANCEL (algorithm 12)."""
        rings = document("rings", arrives("INVITE"), ringing(), *STOPS)
        quick = document(
            "answers",
            *(arrives("INVITE"), ringing(), pause(200), accept(), arrives("ACK")),
            *(arrives("BYE"), reply(200, "OK")),
        )
        gateways = [self.gateway(rings, "first"), self.gateway(quick, "second"), self.gateway(rings, "third")]
        proxy = self.proxy_by(12, gateways)
        caller = self.caller(
            document(
                "caller",
                *(invite(), response(100, optional=True), response(180), response(180), response(180)),
                *(response(200, routes=True), ack(), pause(30), inside("BYE", cseq=2), response(200)),
            ),
            proxy.sockets[0],
        )
        caller.finish()
        for gateway in gateways:
            gateway.finish()
        self.assertEqual(caller.journey(), [">INVITE", "100", *3 * ["180"], "200", ">ACK", ">BYE", "200"])
        for gateway in gateways[::2]:
            self.assertEqual(gateway.journey(), ["INVITE", ">180", "CANCEL", ">200", ">487", "ACK"])

    def test_all_refuse(self) -> None:
        """The best refusal goes up when all have refused (RFC 3261 section 16.7, step 6)."""
        gateways = [self.gateway(fails(code, "No"), f"gateway{code}") for code in (503, 404, 500)]
        proxy = self.proxy_by(12, gateways)
        caller = self.caller(gets(404), proxy.sockets[0])
        caller.finish()
        self.assertEqual(caller.journey(), [">INVITE", "100", "404", ">ACK"])


def _first_copies(gateway: Sipp) -> list[Seen]:
    """The INVITEs that came, each once."""
    return list(dict.fromkeys(gateway.received("INVITE")))


# --- call load

# Accepted or refused; accepted ones stay for a while.
EITHER = document(
    "either",
    *(invite(), response(100, optional=True), response(180, optional=True)),
    '<recv response="503" optional="true" next="refused"/>',
    *(response(200, routes=True), ack(), pause(1500), inside("BYE", cseq=2)),
    '<recv response="200" next="over"/>',
    '<label id="refused"/>',
    ack_failure(),
    '<label id="over"/>',
)
CAPACITY = 4
WAVE = 20


class LoadTests(AlgorithmCase):
    def loaded(self, *gateways: Process | Socket, maxload: int, silence: float = 10.0) -> Process:
        """The proxy that counts calls."""
        attributes = [f"duid=gw{number};maxload={maxload}" for number in range(len(gateways))]
        return self.proxy_by(10, gateways, attributes, {"ds_hash_size": 8}, silence=silence)

    def test_overload(self) -> None:
        """As many calls get through as there is room, the others 503; when they are over there is room for as many."""
        gateways = [self.gateway(TAKES, f"gateway{number}", calls=None, patient=True) for number in range(GATEWAYS)]
        proxy = self.loaded(*gateways, maxload=CAPACITY)
        taken = 0
        for wave in range(2):
            caller = self.caller(EITHER, proxy.sockets[0], f"wave{wave}", calls=WAVE, rate=100, patient=True)
            caller.finish()
            answered = {seen.value(b"Call-ID") for seen in caller.received(200) if b"INVITE" in seen.value(b"CSeq")}
            refused = {seen.value(b"Call-ID") for seen in caller.received(503)}
            self.assertEqual((len(answered), len(refused)), (GATEWAYS * CAPACITY, WAVE - GATEWAYS * CAPACITY))
            taken += CAPACITY
            self.assertEqual([len(_first_copies(gateway)) for gateway in gateways], [taken] * GATEWAYS)

    def test_repeated(self) -> None:
        """An INVITE that comes twice is one call; one that nobody answers is counted until it is given up."""
        proxy = self.loaded(self.silent().address, maxload=2, silence=1.0)
        first, second, third = (Phone(self.address(), proxy.sockets[0]) for _ in range(3))
        for phone in (first, second, third):
            self.addCleanup(phone.close)
        for phone in (first, second):
            phone.invite()
            phone.invite()
            phone.expect(100)
            phone.expect(100)
        third.invite()
        third.expect(503)
        for phone in (first, second):
            phone.expect(408)
        fourth = Phone(self.address(), proxy.sockets[0])
        self.addCleanup(fourth.close)
        fourth.invite()
        fourth.expect(100)

    def test_refused_calls_are_over(self) -> None:
        """A call that its gateway refuses is counted no more, one after the other."""
        calls = 10
        gateway = self.gateway(fails(486, "Busy Here"), calls=calls)
        proxy = self.loaded(gateway, maxload=1)
        for _ in range(calls):
            phone = Phone(self.address(), proxy.sockets[0])
            self.addCleanup(phone.close)
            phone.invite()
            phone.expect(100)
            phone.expect(486)
        self.assertEqual(gateway.finish().successful, calls)

    def test_failover_moves_the_call(self) -> None:
        """A call that fails over is counted where it went: the gateway that failed is asked first by the next, too."""
        calls = 6
        failing = self.gateway(fails(503, "Service Unavailable"), "failing", calls=calls)
        gateway = self.gateway(TAKES, "gateway", calls=calls)
        proxy = self.loaded(failing, gateway, maxload=calls)
        caller = document(
            "caller",
            *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
            *(pause(2000), inside("BYE", cseq=2), response(200)),
        )
        counted = self.caller(caller, proxy.sockets[0], calls=calls, rate=10).finish()
        self.assertEqual((counted.successful, counted.failed), (calls, 0))
        self.assertEqual([one.finish().successful for one in (failing, gateway)], [calls] * 2)


class LimitTests(AlgorithmCase):
    def test_limit(self) -> None:
        """With `limit` 2 the second gateway is tried, and the third never."""
        first, second = (self.gateway(fails(503, "Service Unavailable"), f"failing{number}") for number in range(2))
        third = self.gateway(TAKES, "third", calls=None)
        proxy = self.proxy_by(8, [first, second, third], route={"limit": 2})
        caller = self.caller(gets(500), proxy.sockets[0])
        caller.finish()
        first.finish()
        second.finish()
        self.assertEqual(third.received("INVITE"), [])

    def test_default(self) -> None:
        """The default of `use_default` gets a call only when all others failed, and counts for the limit."""
        first, second = (self.gateway(fails(503, "Service Unavailable"), f"failing{number}") for number in range(2))
        default = self.gateway(TAKES, "default")
        proxy = self.proxy_by(4, [first, second, default], parameters={"use_default": 1}, route={"limit": 3})
        caller = document(
            "caller",
            *(invite(), response(100, optional=True), response(180), response(200, routes=True), ack()),
            *(pause(20), inside("BYE", cseq=2), response(200)),
        )
        self.caller(caller, proxy.sockets[0]).finish()
        for one in (first, second, default):
            one.finish()
