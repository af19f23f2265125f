"""Tests of `cfg` and `cfg_set`."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.balance import health
from dispatch.control.command import BadValue, Control
from dispatch.control.commands.cfg import CFG_SET, change, show
from dispatch.test.control.make import LIST, Steered


class CfgTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control: Control = Steered(LIST).control()

    def _values(self) -> dict[str, str]:
        return {one.name: one.value for one in show(self.control)}

    def _answered(self, status: int) -> str:
        self.control.probing.answered(1, b"sip:b", status)
        found = self.control.dispatcher.find(1, b"sip:b")
        assert found is not None
        return health.letters(found.flags)

    def test_show(self) -> None:
        """All are shown with the values in force, or the one that is asked for."""
        self.assertEqual(
            self._values(),
            {
                "dispatcher.probing_threshold": "1",
                "dispatcher.inactive_threshold": "1",
                "dispatcher.ping_reply_codes": "",
            },
        )
        (one,) = show(self.control, "dispatcher.inactive_threshold")
        self.assertEqual((one.name, one.value, one.kind), ("dispatcher.inactive_threshold", "1", "int"))

    def test_thresholds(self) -> None:
        """Thresholds hold from the next result on, with what was counted before."""
        change(self.control, "dispatcher.probing_threshold", "3")
        self.control.dispatcher.set_state(1, b"sip:b", health.PROBING)
        self.assertEqual([self._answered(500) for _ in range(2)], ["TX", "TX"])
        change(self.control, "dispatcher.probing_threshold", "2")
        self.assertEqual(self._answered(500), "IX")
        change(self.control, "dispatcher.inactive_threshold", "2")
        self.assertEqual([self._answered(200) for _ in range(2)], ["IX", "AX"])

    def test_reply_codes(self) -> None:
        """Reply codes hold from the next answer on, and are shown as they were written."""
        done = change(self.control, "dispatcher.ping_reply_codes", "code=404;class=5")
        self.assertEqual((done.before, done.after, done.warnings), ("", "code=404;class=5", ()))
        self.assertEqual([self._answered(status) for status in (404, 503, 403)], ["AX", "AX", "IX"])
        self.assertEqual(self._values()["dispatcher.ping_reply_codes"], "code=404;class=5")

    def test_refused(self) -> None:
        """What can't be says so, and the value before stays."""
        before = self._values()
        for name, value, problem in (
            ("dispatcher.probing_threshold", "many", "dispatcher.probing_threshold is a whole number, not 'many'"),
            ("dispatcher.probing_threshold", "-1", "-1 is no threshold; write a number from 1 on"),
            ("dispatcher.inactive_threshold", "4294967297", "4294967297 is no threshold; write a number from 1 on"),
            ("dispatcher.ping_reply_codes", "", "no reply codes are given; for 2xx alone write 'class=2'"),
            ("dispatcher.ping_reply_codes", "class=4;", "nothing follows the last ';'; write e.g. 'class=2;code=403'"),
            (
                "dispatcher.probing_treshold",
                "3",
                "there is no variable 'dispatcher.probing_treshold'; did you mean 'dispatcher.probing_threshold'?",
            ),
        ):
            self.assertEqual(str(self.assertRaises(BadValue, change, self.control, name, value)), problem)
        self.assertEqual(self._values(), before)

    def test_odd(self) -> None:
        """What has no effect, or makes silence a good answer, is done and told."""
        done = change(self.control, "dispatcher.ping_reply_codes", "code=99;class=4")
        self.assertEqual(
            CFG_SET.sentence(done).splitlines(),
            [
                "dispatcher.ping_reply_codes: nothing -> code=99;class=4",
                "warning: 'code=99' has no effect; write code=100 to code=699, or class=1 to class=6",
                "warning: 408 is among them, and no answer at all counts as 408: a destination that is silent never "
                "gets inactive",
            ],
        )
