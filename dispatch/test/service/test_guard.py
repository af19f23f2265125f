"""Tests of dispatch.service.guard."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script import loading
from dispatch.script.loading import Runaway
from dispatch.service.guard import Guard
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import request

LOOP = b"""import re
def route(request):
    if request.method == "INFO":
        while True:
            pass
    if request.method == "MESSAGE":
        re.match("(a*)*b", "a" * 40)
    request.reply(404)
"""


class GuardTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.farm = Farm(script=loading.load(LOOP, "loop.py"))
        guard = Guard(lambda: ("loop.py",), lambda: self.farm.engine.timers.now, 0.01)
        guard.startService()
        self.addCleanup(guard.stopService)

    def test_stopped(self) -> None:
        """An endless loop and a pattern that explodes are stopped with 500, and the next request has its answer."""
        for number, method in enumerate((b"INFO", b"MESSAGE", b"INVITE")):
            self.farm.clock.advance(0.01)
            self.farm.receive(request(method, branch=b"z9hG4bK%d" % number))
        self.assertEqual(
            self.farm.lines(), ["SIP/2.0 500 Server Internal Error > 5060"] * 2 + ["SIP/2.0 404 Not Found > 5060"]
        )
        for failure in self.flushLoggedErrors(Runaway):
            self.assertEqual(loading.blame(failure.value, ("loop.py",)).path, "loop.py")

    def test_others_take_their_time(self) -> None:
        """What is not the script may take as long as it likes."""
        count = 0
        while count < 3_000_000:
            count += 1
        self.assertEqual(count, 3_000_000)
