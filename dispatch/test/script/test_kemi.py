"""Scripts for app_python3."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script import kemi
from dispatch.test.script.acting import Staged
from dispatch.test.wire import request

_HEAD = (
    "import KSR\nimport sys\n\ndef mod_init():\n    return Script()\n\nclass Script:\n"
    "    def child_init(self, rank):\n        return 0\n\n    def ksr_request_route(self, msg):\n"
)


class KemiTests(SynchronousTestCase):
    def begin(self, *lines: str) -> Staged:
        path = Path(self.mktemp()).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(_HEAD + "".join(f"        {line}\n" for line in lines), encoding="utf-8")
        routes, ksr = kemi.load(path)
        farm = Staged(routes.request)
        farm.stage.routes = routes
        ksr.stage = farm.stage
        return farm

    def test_types(self) -> None:
        """Functions give codes, KSR's own questions True and False; values are what they are."""
        farm = self.begin(
            'KSR.pv.seti("$avp(n)", 41)',
            "rows = [KSR.tm.t_is_canceled(), KSR.is_INVITE(), KSR.is_method_in('MO')]",
            'rows += [KSR.pv.get("$avp(n)"), KSR.pv.get("$du")]',
            'KSR.sl.sl_send_reply(200, ",".join(map(str, rows)))',
        )
        farm.receive(request(b"MESSAGE"))
        (reply,) = farm.sent(b"SIP/2.0")
        self.assertTrue(reply.startswith(b"SIP/2.0 200 -1,False,True,41,None\r\n"), reply)

    def test_exit(self) -> None:
        """sys.exit() ends the script quietly."""
        farm = self.begin('KSR.sl.sl_send_reply(480, "Quit")', "sys.exit()")
        farm.receive(request(b"MESSAGE"))
        self.assertEqual((len(farm.sent(b"SIP/2.0 480")), farm.log), (1, []))

    def test_mistakes(self) -> None:
        """An unknown name and an argument of a wrong type are 500, and a line in the log with what was meant."""
        for line, meant in (
            ("KSR.tm.t_rely()", "t_reply"),
            ('KSR.sl.sl_send_reply("200", "OK")', "a number is expected"),
        ):
            farm = self.begin(line)
            farm.receive(request(b"MESSAGE"))
            self.assertEqual(len(farm.sent(b"SIP/2.0 500")), 1)
            self.assertIn(meant, farm.log[0])
            self.assertIn(":12: ", farm.log[0])
