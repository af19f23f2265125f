"""Tests of dispatch.transport.names.records."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from dispatch.transport.names.records import (
    AAAA,
    FAILED,
    NAPTR,
    NOTHING,
    SRV,
    A,
    Answer,
    Naptr,
    Outcome,
    Question,
    Srv,
    decoded,
    read,
)

GW = Question("gw.example", A)


def message(question: Question, *records: dns.RRHeader, code: int = dns.OK) -> dns.Message:
    """What a server sends for a question."""
    sent = dns.Message(answer=1, rCode=code)
    sent.addQuery(question.name.encode(), question.kind)
    sent.answers = list(records)
    return sent


def record(name: str, payload: Any, ttl: int = 60) -> dns.RRHeader:
    kind = payload.TYPE
    return dns.RRHeader(name.encode(), kind, dns.IN, ttl, payload)


def answer(question: Question, *records: dns.RRHeader) -> Answer:
    """What is read, once the message went over the wire."""
    sent = decoded(message(question, *records).toStr(), question)
    assert sent is not None
    return read(sent, question)


class ReadTests(SynchronousTestCase):
    def test_addresses(self) -> None:
        """Addresses of the name, each once, with the shortest TTL; its letters may be large."""
        found = answer(
            GW,
            record("GW.Example", dns.Record_A("192.0.2.1"), 60),
            record("gw.example", dns.Record_A("192.0.2.2"), 30),
            record("gw.example", dns.Record_A("192.0.2.1"), 90),
        )
        self.assertEqual(found, Answer(Outcome.FOUND, ("192.0.2.1", "192.0.2.2"), ttl=30))

    def test_answers_for_other_names(self) -> None:
        """What stands in an answer for a name that was not asked for is not believed, nor another kind of record."""
        found = answer(
            GW,
            record("bank.example", dns.Record_A("192.0.2.66")),
            record("gw.example", dns.Record_AAAA("2001:db8::1")),
        )
        self.assertEqual(found, NOTHING)

    def test_aliases(self) -> None:
        """An alias leads to the records that stand beside it; without them it is what is to be asked for."""
        alias = record("gw.example", dns.Record_CNAME(b"Real.example"), 10)
        self.assertEqual(
            answer(GW, alias, record("real.example", dns.Record_A("192.0.2.1"))),
            Answer(Outcome.FOUND, ("192.0.2.1",), ttl=10),
        )
        self.assertEqual(answer(GW, alias), Answer(Outcome.NONE, alias="real.example", ttl=10))

    def test_alias_loops(self) -> None:
        """Aliases in a circle, or more than eight, are a failure."""
        circle = [
            record("gw.example", dns.Record_CNAME(b"b.example")),
            record("b.example", dns.Record_CNAME(b"gw.example")),
        ]
        self.assertEqual(answer(GW, *circle), FAILED)
        self.assertEqual(answer(GW, record("gw.example", dns.Record_CNAME(b"gw.example"))), FAILED)

    def test_odd_addresses(self) -> None:
        """Nothing is sent to everybody, to nobody, or to an IPv4 address in the dress of IPv6."""
        for odd in ("0.0.0.0", "224.0.0.1", "255.255.255.255"):
            self.assertEqual(answer(GW, record("gw.example", dns.Record_A(odd))), NOTHING)
        six = Question("gw.example", AAAA)
        for odd in ("::", "::ffff:192.0.2.1", "ff02::1", "fe80::1"):
            self.assertEqual(answer(six, record("gw.example", dns.Record_AAAA(odd))), NOTHING)

    def test_services(self) -> None:
        """SRV records are read; a target that is no name, or port 0, is passed over; "." is kept as what it says."""
        question = Question("_sip._udp.gw.example", SRV)
        name = question.name
        found = answer(
            question,
            record(name, dns.Record_SRV(10, 5, 5061, b"A.example")),
            record(name, dns.Record_SRV(10, 5, 0, b"b.example")),
            record(name, dns.Record_SRV(10, 5, 5060, b"c d.example")),
            record(name, dns.Record_SRV(10, 5, 5060, b"192.0.2.1")),
            record(name, dns.Record_SRV(0, 0, 0, b"")),
        )
        self.assertEqual(found.services, (Srv(10, 5, 5061, "a.example"), Srv(0, 0, 0, "")))

    def test_pointers(self) -> None:
        """NAPTR records are read, flags and service in capitals; one without a name to go on with is passed over."""
        question = Question("gw.example", NAPTR)
        found = answer(
            question,
            record("gw.example", dns.Record_NAPTR(1, 2, b"s", b"sip+d2u", b"", b"_sip._udp.gw.example")),
            record("gw.example", dns.Record_NAPTR(1, 2, b"u", b"E2U+sip", b"!^.*$!sip:x@y!", b"")),
        )
        self.assertEqual(found.pointers, (Naptr(1, 2, b"S", b"SIP+D2U", "_sip._udp.gw.example"),))

    def test_odd_lifetimes(self) -> None:
        """A TTL with its highest bit set is 0 (RFC 2181 §8)."""
        self.assertEqual(answer(GW, record("gw.example", dns.Record_A("192.0.2.1"), 2**31)).ttl, 0)
        self.assertEqual(answer(GW, record("gw.example", dns.Record_A("192.0.2.1"), 2**31 - 1)).ttl, 2**31 - 1)

    def test_refusals(self) -> None:
        """NXDOMAIN denies the name; any other code is a failure."""
        self.assertEqual(read(message(GW, code=dns.ENAME), GW).outcome, Outcome.DENIED)
        for code in (dns.EFORMAT, dns.ESERVER, dns.ENOTIMP, dns.EREFUSED, 15):
            self.assertEqual(read(message(GW, code=code), GW), FAILED)


class DecodeTests(SynchronousTestCase):
    def test_only_answers(self) -> None:
        """Questions, answers to other questions, and what is cut short are none."""
        sent = message(GW, record("gw.example", dns.Record_A("192.0.2.1")))
        self.assertIsNotNone(decoded(sent.toStr(), GW))
        self.assertIsNone(decoded(sent.toStr(), Question("gw.example", AAAA)))
        self.assertIsNone(decoded(sent.toStr(), Question("other.example", A)))
        self.assertIsNone(decoded(sent.toStr()[:20], GW))
        sent.answer = 0
        self.assertIsNone(decoded(sent.toStr(), GW))

    @given(st.binary(max_size=600), st.sampled_from((A, AAAA, SRV, NAPTR)))
    @example(b"", A)
    def test_any_bytes(self, data: bytes, kind: int) -> None:
        """Whatever comes behind the header and our question gives an answer or none, and never an exception."""
        question = Question("gw.example", kind)
        head = message(question).toStr()
        for sent in (data, head + data, head[:6] + b"\0\x09" + head[8:] + data):
            found = decoded(sent, question)
            if found is not None:
                self.assertIsInstance(read(found, question), Answer)

    @given(st.data())
    def test_broken_answers(self, data: st.DataObject) -> None:
        """A true answer of which some bytes are others gives an answer or none, and never an exception."""
        question = Question("_sip._udp.gw.example", SRV)
        name = question.name
        sent = bytearray(
            message(
                question,
                record(name, dns.Record_CNAME(b"x.example")),
                record("x.example", dns.Record_SRV(1, 2, 5060, b"a.example")),
                record("x.example", dns.Record_NAPTR(1, 2, b"s", b"sip+d2u", b"", b"_sip._udp.gw.example")),
                record("a.example", dns.Record_AAAA("2001:db8::1")),
            ).toStr()
        )
        for _ in range(data.draw(st.integers(1, 6))):
            sent[data.draw(st.integers(0, len(sent) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(sent)))
        found = decoded(bytes(sent[:cut] if cut % 2 else sent), question)
        if found is not None:
            self.assertIsInstance(read(found, question), Answer)
