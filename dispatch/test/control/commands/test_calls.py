"""Tests of `calls`."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance.membership import ANY_PROTOCOL, Membership
from dispatch.control.command import Control
from dispatch.control.commands.calls import OpenCall, run
from dispatch.errors import UnknownDestination
from dispatch.service.dispatcher_config import DispatcherConfig
from dispatch.service.health_config import HealthConfig
from dispatch.service.route_config import RouteConfig
from dispatch.sip.timers import Timers
from dispatch.test.control.make import Steered
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import request, response_to

G1 = ("192.0.2.71", 5071)
COUNTED = b"1 sip:192.0.2.72:5072 0 0 duid=y\n1 sip:192.0.2.71:5071 0 0 duid=x\n"


class CallsTests(SynchronousTestCase):
    def begin(self, **more: object) -> Control:
        self.farm = Farm(timers=Timers(fr_timer=1.0), **more)  # type: ignore[arg-type]  # passed through
        membership = Membership(self.farm.dispatcher.groups)
        return replace(
            Steered(b"").control(),
            dispatcher=self.farm.dispatcher,
            engine=self.farm.engine,
            destination_at=lambda address, port: membership.find(address, port, b"", mode=ANY_PROTOCOL),
        )

    def test_waiting(self) -> None:
        """An INVITE without a final answer is there until it has one, by where it went."""
        control = self.begin()
        data = self.farm.invite(call_id=b"x")
        self.farm.receive(response_to(data, 180), G1)
        self.farm.wait(7.2)
        (one,) = run(control)
        expected = OpenCall(1, "sip:192.0.2.71:5071", "x", "waiting", 7, "", 1, "192.0.2.71:5071")
        self.assertEqual(one, expected)
        self.farm.receive(response_to(data, 200), G1)
        self.assertEqual(list(run(control)), [])

    def test_other_requests(self) -> None:
        """What is no INVITE is no call."""
        control = self.begin()
        self.farm.receive(request(b"MESSAGE"))
        self.assertEqual(list(run(control)), [])

    def test_how_it_got_there(self) -> None:
        """With statistics the algorithm is known, and the destination is the very one; attempts always are."""
        control = self.begin(
            health=HealthConfig(statistics=True),
            text=b"2 sip:192.0.2.72:5072\n1 sip:192.0.2.72:5072\n1 sip:192.0.2.71\n",
        )
        self.farm.invite()
        self.farm.wait(1.1)
        (one,) = run(control)
        self.assertEqual((one.set, one.uri, one.attempt, one.algorithm), (1, "sip:192.0.2.72:5072", 2, "round-robin"))

    def test_counted(self) -> None:
        """Calls that are answered are there where call load counts them, and none is there twice."""
        control = self.begin(
            text=COUNTED,
            route=RouteConfig(algorithm=10),
            parameters=DispatcherConfig(flags=2, ds_hash_size=8),
        )
        data = self.farm.invite(call_id=b"x")
        self.assertEqual([one.state for one in run(control)], ["waiting"])
        self.farm.receive(response_to(data, 200), G1)
        self.farm.wait(30.2)
        self.assertEqual(
            list(run(control)), [OpenCall(1, "sip:192.0.2.71:5071", "x", "counted", 30, "call-load", 0, "")]
        )

    def test_sets(self) -> None:
        """Only calls of the set that is asked for; one that is not there is an error."""
        control = self.begin(text=b"1 sip:192.0.2.71:5071\n2 sip:192.0.2.72\n")
        self.farm.invite()
        self.assertEqual([len(list(run(control, one))) for one in (1, 2)], [1, 0])
        with self.assertRaises(UnknownDestination):
            run(control, 3)
