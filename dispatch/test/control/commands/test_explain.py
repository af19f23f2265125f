"""Tests of `explain`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.control.command import BadValue
from dispatch.control.commands.explain import Explained, run, sentence
from dispatch.errors import UnknownDestination
from dispatch.test.control.make import Steered
from dispatch.test.wire import request

LIST = b"1 sip:192.0.2.21\n1 sip:192.0.2.22\n1 sip:192.0.2.23\n2 sip:192.0.2.31 1\n"


class ExplainTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.steered = Steered(LIST)

    def explain(self, **given: object) -> Explained:
        return run(self.steered.control(), **given)

    def refused(self, error: type[Exception], **given: object) -> str:
        return str(self.assertRaises(error, self.explain, **given))

    def test_hash(self) -> None:
        """The key, the hash, the index, who was passed over, the failover list and what would be sent are told."""
        self.steered.dispatcher.set_state(1, b"sip:192.0.2.23", health.INACTIVE)
        one = self.explain(message=request(call_id=b"abcd"), algorithm="0")
        self.assertEqual((one.outcome, one.set, one.algorithm, one.key), ("forwarded", 1, "0 hash-callid", ("abcd",)))
        self.assertEqual((one.start, one.index), (one.raw % 3, one.index))
        self.assertEqual(one.sent_to, one.destination.removeprefix("sip:") + ":5060")
        self.assertEqual(one.sent_from, "udp:192.0.2.254:5060")
        self.assertEqual(one.head[0], "INVITE sip:bob@example.com SIP/2.0")
        self.assertIn("Max-Forwards: 69", one.head)

    def test_passed_over(self) -> None:
        """Each one that is passed over is told with the reason, in words and for programs."""
        self.steered.dispatcher.set_state(1, b"sip:192.0.2.23", health.DISABLED)
        one = self.explain(uri="sip:bob@example.com", algorithm="round-robin")
        self.assertEqual((one.skipped, one.passed), (("sip:192.0.2.23: disabled",), 1))
        self.assertEqual((one.start, one.index, one.destination), (0, 1, "sip:192.0.2.22"))
        words = sentence(one).splitlines()
        self.assertEqual(
            words[:4],
            [
                "goes to sip:192.0.2.22",
                "  4 round-robin in set 1 gave 0: index 0",
                "  passed over: sip:192.0.2.23: disabled",
                "  so index 1",
            ],
        )

    def test_nothing_changes(self) -> None:
        """Asked again, it says the same: the turn has not moved."""
        told = {self.explain(uri="sip:b@c", algorithm="4").destination for _ in range(5)}
        self.assertEqual(told, {"sip:192.0.2.23"})

    def test_nobody(self) -> None:
        """Where no destination is left, the answer that the caller gets is told, and who is out."""
        one = self.explain(uri="sip:b@c", set=2)
        self.assertEqual((one.outcome, one.status, one.destination), ("answered", 503, ""))
        self.assertEqual(one.reason, "no destination of the set can be taken")
        self.assertEqual(one.skipped, ("sip:192.0.2.31: inactive",))
        self.assertIn("is answered with 503: no destination of the set can be taken", sentence(one))

    def test_dialog(self) -> None:
        """Inside a dialog no set is asked, and a stranger's request is refused."""
        one = self.explain(message=request(b"BYE", to_tag=b"x"))
        self.assertEqual((one.outcome, one.set, one.status), ("answered", -1, 403))

    def test_file(self) -> None:
        """A message may have the line ends of an editor, and no empty line behind it."""
        data = request().replace(b"\r\n", b"\n").rstrip(b"\n")
        self.assertEqual(self.explain(message=data).outcome, "forwarded")

    def test_source(self) -> None:
        """The request comes from where its Via says, or from where it is said to."""
        via = next(line for line in self.explain(uri="sip:b@c", source="192.0.2.77").head if "z9hG4bKexplain" in line)
        self.assertIn(";received=192.0.2.77", via)
        self.assertIn(
            "no socket takes what comes by tcp; there is udp",
            self.refused(BadValue, uri="sip:b@c", source="tcp:192.0.2.1:1"),
        )
        self.assertIn("is no address", self.refused(BadValue, uri="sip:b@c", source="example.com"))

    def test_parts(self) -> None:
        """A request can be made up from what matters."""
        one = self.explain(
            method="MESSAGE", uri="sip:b@c", from_uri="sip:me@d", to_uri="sip:you@e", call_id="id", algorithm="1"
        )
        self.assertEqual(one.head[0], "MESSAGE sip:b@c SIP/2.0")
        self.assertEqual(one.key, ("me", "d"))
        self.assertLess({"From: <sip:me@d>;tag=explain", "To: <sip:you@e>", "Call-ID: id"}, set(one.head))

    def test_refusals(self) -> None:
        """What can't be explained is refused with what is wrong, and where."""
        for error, words, given in (
            (BadValue, "there is no request", {}),
            (BadValue, "a message has its own uri", {"message": request(), "uri": "sip:a"}),
            (BadValue, "'uri' is missing", {"method": "INVITE"}),
            (BadValue, "line break", {"uri": "sip:a\r\nX: y"}),
            (UnknownDestination, "there is no set 9; sets with destinations: 1, 2", {"uri": "sip:a@b", "set": 9}),
            (BadValue, "algorithm 'best' is not known", {"uri": "sip:a@b", "algorithm": "best"}),
            (BadValue, "the message is a response, 200", {"message": b"SIP/2.0 200 OK\r\n\r\n"}),
            (BadValue, "the message can't be read: line 1, byte 0", {"message": b"hello"}),
            (
                BadValue,
                "the message can't be read: line 4",
                {"message": request().replace(b"From: <", b"From: >")},
            ),
        ):
            self.assertIn(words, self.refused(error, **given))

    def test_long_lists(self) -> None:
        """Of many destinations the first are told, and how many more there are."""
        self.steered = Steered(b"".join(b"1 sip:192.0.2.%d\n" % number for number in range(200)))
        one = self.explain(uri="sip:a@b")
        self.assertEqual((one.candidates, len(one.failover)), (200, 50))
        self.assertIn("and 149 more", sentence(one))

    def test_hostile(self) -> None:
        """What a terminal would act on is shown as text."""
        one = self.explain(message=request(call_id=b"\x1b[2J"), algorithm="0")
        self.assertNotIn("\x1b", sentence(one))
        self.assertIn("of '\\x1b[2J'", sentence(one))
