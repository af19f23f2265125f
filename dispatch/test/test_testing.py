"""Tests of dispatch.testing, as people use it for their own routes."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.script.route import Request
from dispatch.testing import Stand, request

GATEWAYS = "2 sip:192.0.2.11:5060\n2 sip:192.0.2.12:5060\n"


def route(one: Request) -> None:
    """The example of the documentation."""
    if one.method == "REGISTER":
        return one.reply(405)
    if not one.select(set=2, algorithm="priority"):
        return one.reply(503, "No gateway")
    one.record_route()
    one.on_failure(next_gateway, codes=(408, 500, 503))
    return one.relay()


def next_gateway(one: Request) -> None:
    """Go on to the next one."""
    if one.next():
        one.relay()


class StandTests(SynchronousTestCase):
    def test_refused(self) -> None:
        """A reply of the route is what the caller got."""
        call = Stand(route, GATEWAYS).receive(request("REGISTER"))
        self.assertEqual((call.status, call.reason, call.destinations), (405, "Method Not Allowed", []))
        call = Stand(route).receive(request())
        self.assertEqual((call.status, call.reason), (503, "No gateway"))

    def test_failover(self) -> None:
        """It is seen where a call goes, and where next when a destination refuses."""
        call = Stand(route, GATEWAYS).receive(request())
        self.assertEqual((call.status, call.destinations), (100, ["sip:192.0.2.12:5060"]))
        call.answer(180)
        self.assertEqual(call.status, 180)
        call.answer(503)
        self.assertEqual(call.destinations, ["sip:192.0.2.12:5060", "sip:192.0.2.11:5060"])
        call.answer(200, headers={"X-Answer": "1"})
        self.assertEqual(call.status, 200)
        self.assertIn(b"X-Answer: 1\r\n", call.replies[-1])
        self.assertIn(b"Record-Route: <sip:192.0.2.254:5060;lr;", call.requests[-1])

    def test_silence(self) -> None:
        """Time passes when it is told to, and retransmissions are not counted as calls."""
        stand = Stand(route, GATEWAYS)
        call = stand.receive(request())
        stand.wait(31)
        self.assertEqual(call.destinations, ["sip:192.0.2.12:5060", "sip:192.0.2.11:5060"])
        stand.wait(31)
        self.assertEqual(call.status, 408)

    def test_cancel(self) -> None:
        """The caller may hang up."""
        call = Stand(route, GATEWAYS).receive(request())
        call.answer(180)
        call.cancel()
        call.answer(487)
        self.assertEqual((call.status, len(call.destinations)), (487, 1))

    def test_waiting(self) -> None:
        """A route that waits goes on when what it waits for is there."""
        answer: Deferred[bytes] = Deferred()

        async def waits(one: Request) -> None:
            one.relay(await answer)

        call = Stand(waits).receive(request())
        self.assertEqual(call.destinations, [])
        answer.callback(b"sip:192.0.2.13")
        self.assertEqual(call.destinations, ["sip:192.0.2.13:5060"])

    def test_mistakes(self) -> None:
        """A mistake in the list, and one in the route, are exceptions of the test."""
        self.assertRaises(ConfigErrors, Stand, route, "1\n")
        self.assertRaises(ZeroDivisionError, Stand(lambda one: 1 / 0).receive, request())

    def test_malformed(self) -> None:
        """What can't be carried never gets to the route; it has its answer all the same."""
        call = Stand(route, GATEWAYS).receive(request(uri="fax:1234"))
        self.assertEqual(call.status, 416)
