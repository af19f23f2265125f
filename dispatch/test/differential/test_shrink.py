"""Tests of dispatch.test.differential.shrink."""

from twisted.trial.unittest import SynchronousTestCase

from dispatch.test.differential.shrink import shrink
from dispatch.test.vectors.vector import Vector

VECTOR: Vector = {
    "type": "sequence",
    "sets": "1 sip:10.0.0.1 0 5 weight=5;duid=a\n2 sip:10.0.0.2\n1 sip:10.0.0.3\n",
    "steps": [
        {"rpc": ["dispatcher.reload"], "listing": []},
        {
            "fn": "ds_select_dst",
            "limit": 3,
            "message": "INVITE sip:bob@example.com SIP/2.0\r\nVia: v\r\nFrom: <sip:alice@a.com>\r\nTo: x\r\n"
            "Call-ID: 55\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
        },
        {
            "op": "exist",
            "set": 1,
            "message": "OPTIONS sip:a SIP/2.0\r\nVia: v\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n",
        },
    ],
}


class ShrinkTests(SynchronousTestCase):
    def test_what_is_needed(self) -> None:
        """Of lines, fields, steps, headers and characters, nothing is left but what it takes, and what a request is."""
        small = shrink(
            VECTOR,
            lambda one: "10.0.0.3" in one["sets"] and any("ice" in step.get("message", "") for step in one["steps"]),
        )
        self.assertEqual(
            small,
            {
                "type": "sequence",
                "sets": "10.0.0.3\n",
                "steps": [
                    {
                        "fn": "ds_select_dst",
                        "limit": None,
                        "message": "INVITE m SIP/2.0\r\nVia: v\r\nFrom:ice\r\nCall-ID:5\r\nContent-Length: 0\r\n\r\n",
                    }
                ],
            },
        )

    def test_nothing_less_will_do(self) -> None:
        """What can't be smaller comes back as it is."""
        self.assertEqual(shrink(VECTOR, lambda one: False), VECTOR)

    def test_bounded(self) -> None:
        """It ends after so many tries, however much there is left to try."""
        seen: list[Vector] = []

        def holds(one: Vector) -> bool:
            seen.append(one)
            return len(seen) % 2 == 0

        shrink(VECTOR, holds, tries=7)
        self.assertEqual(len(seen), 7)
