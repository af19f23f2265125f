"""Tests of who looks at the packet path."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import TooMany
from dispatch.control.tracing.filter import Filter
from dispatch.control.tracing.step import Step
from dispatch.control.tracing.trace import Trace
from dispatch.control.tracing.tracer import TRACES, Tracer
from dispatch.test.control.tracing.make import INVITE, NOW, Followed, decision
from dispatch.test.wire import FakeTransport


class TracerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.tracer = Tracer(lambda: NOW, lambda host: "192.0.2.7" if host == "192.0.2.9" else None)
        self.installed: list[bool] = []
        self.tracer.install = self.installed.append
        self.flow = FakeTransport(host="0.0.0.0").flow_to("192.0.2.9", 5060)

    def test_only_while_wanted(self) -> None:
        """It is in the packet path from the first trace to the last, and there are so many at most."""
        traces = [Followed().trace for _ in range(TRACES)]
        for one in traces:
            self.tracer.add(one)
        self.assertRaises(TooMany, self.tracer.add, Followed().trace)
        self.assertEqual(self.installed, [True])
        for one in (*traces, traces[0]):
            self.tracer.remove(one)
        self.assertEqual(self.installed, [True, False])

    def test_each_trace(self) -> None:
        """Each trace sees what comes, leaves and is decided, with the address that a peer knows us by."""
        both = Followed(), Followed()
        for one in both:
            self.tracer.add(one.trace)
        self.tracer.received(INVITE, self.flow)
        self.tracer.decided(decision())
        self.tracer.sent(INVITE, FakeTransport(host="0.0.0.0").flow_to("192.0.2.8", 5060))
        self.tracer.received(b"no SIP", self.flow)
        for one in both:
            self.assertEqual([step.local[0] for step in one.steps], ["", "192.0.2.7", "", "0.0.0.0"])

    def test_a_trace_that_fails(self) -> None:
        """A bug in a trace ends tracing, is logged, and is no trouble of the message."""

        def fail(step: Step) -> None:
            raise RuntimeError("boom")

        self.tracer.add(Trace(Filter(), fail))
        self.tracer.received(INVITE, self.flow)
        self.assertEqual(self.installed, [True, False])
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
