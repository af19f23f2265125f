"""Tests of dispatch.test.differential.cases, and of the lists and requests in them."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from dispatch.sip.message import Message
from dispatch.test.differential.cases import CERTAIN, draw_case, draw_params
from dispatch.test.vectors.vector import Vector


def cases(count: int, start: int = 0) -> list[Vector]:
    out = []
    for number in range(start, start + count):
        params = draw_params(Random(f"{number}/params"))
        out.append(draw_case(Random(number), params, str(number)))
    return out


class CaseTests(SynchronousTestCase):
    def test_repeatable(self) -> None:
        """The same seed draws the same case."""
        self.assertEqual(cases(20), cases(20))

    def test_everything_comes(self) -> None:
        """Each kind of case, each algorithm and each function comes up, with usual and odd lists and requests."""
        drawn = cases(300)
        steps = [step for case in drawn for step in case.get("steps", ())]
        selections = [step for step in steps if "fn" in step]
        self.assertTrue({"sequence", "listfile"} <= {case["type"] for case in drawn})
        self.assertEqual({step["alg"] for step in selections}, {*CERTAIN, 10, 13})
        self.assertEqual({step["fn"] for step in selections}, {"ds_select_dst", "ds_select_domain"})
        self.assertEqual(
            {step["rpc"][0] for step in steps if "rpc" in step}, {"dispatcher.set_state", "dispatcher.reload"}
        )
        messages = "".join(step["message"] for step in selections)
        for wanted in ("Proxy-Authorization: Digest", "\r\nAuthorization", "tel:", "sips:", "\xe9", "user=phone"):
            self.assertIn(wanted, messages)
        lists = "".join(case["sets"] for case in drawn)
        for wanted in ("weight=", "duid=", "socket=", "#", "\r\n", "\xe9", "transport=tcp"):
            self.assertIn(wanted, lists)

    def test_told_apart(self) -> None:
        """In a case that draws from chance no URI is there twice, with or without its scheme."""
        for case in cases(100, start=1600):  # Among them is one whose list had both.
            if case["type"] in ("map", "distribution"):
                uris = [line.split()[1].removeprefix("sip:") for line in case["sets"].splitlines()]
                self.assertEqual(len(uris), len(set(uris)), case["sets"])

    def test_taken(self) -> None:
        """Every request in a case is one that we take, with a Call-ID."""
        for case in cases(50):
            for step in case.get("steps", ()):
                if "message" in step:
                    self.assertTrue(Message(step["message"].encode("latin-1")).call_id)
