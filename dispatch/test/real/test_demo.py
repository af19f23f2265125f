"""`dispatch demo --once`, as ``make run DEMO=once`` calls it, on free ports."""

from __future__ import annotations

import sys

from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process
from dispatch.test.real.service import ROOT, Plan, write


class DemoTests(RealCase):
    programs = ()
    ours_only = True

    def demo(self, plan: Plan) -> Process:
        """The demonstration, started."""
        config = write(self.folder, plan)
        command = [sys.executable, "-c", "import sys; from dispatch.cli import main; sys.exit(main())"]
        return self.keep(
            Process(
                "demo",
                [*command, "demo", "--once", str(config)],
                self.folder,
                environment={"PYTHONPATH": str(ROOT)},
            )
        )

    def test_every_call_succeeds(self) -> None:
        """Through the real service all calls succeed, though one gateway dies half-way."""
        gateways = [self.uri(self.address("udp")) for _ in range(3)]
        demo = self.demo(Plan((self.address("udp"),), tuple(gateways), silence=0.5))
        self.assertEqual(demo.wait(), 0, demo.tail())
        lines = demo.log().splitlines()
        self.assertEqual(lines[-1], "12 calls, 0 failed; caller, gateways and the service's own record agree on each")
        self.assertEqual(sum(line.startswith("call ") for line in lines), 12)
        self.assertTrue(any("no answer" in line for line in lines), demo.tail())

    def test_a_port_that_is_taken(self) -> None:
        """A gateway's port that somebody else has is one clear line, and status 1."""
        taken = self.silent().address
        demo = self.demo(Plan((self.address("udp"),), (self.uri(taken),)))
        self.assertEqual(demo.wait(), 1)
        (line,) = demo.log().splitlines()
        self.assertIn(taken.address, line)
        self.assertIn("Address already in use", line)
