"""Tests of dispatch.service.scripts and what stands before it: the script in force, and how it is swapped."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigErrors
from dispatch.service.config import Config
from dispatch.service.route_config import RouteConfig
from dispatch.service.scripts import Scripts
from dispatch.test.proxy.farm import Farm
from dispatch.test.wire import request

REFUSES = "def route(request):\n    request.reply(404)\n"


class ScriptsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.farm = Farm()
        self.farm.router.pause = self.farm.engine.pause

    def _scripts(self, text: str, language: str = "") -> Scripts:
        self.path.write_text(text)
        config = Config(Path("dispatcher.toml"), route=RouteConfig(script=self.path, script_language=language))
        scripts = Scripts(config, self.farm.router)
        scripts.install(self.farm.proxy)
        return scripts

    def _answer(self, number: int) -> str:
        self.farm.receive(request(b"MESSAGE", branch=b"z9hG4bK%d" % number))
        return self.farm.lines()[-1]

    def test_in_force(self) -> None:
        """The script decides in place of the built-in route."""
        self._scripts(REFUSES)
        self.assertEqual(self._answer(1), "SIP/2.0 404 Not Found > 5060")

    def test_none(self) -> None:
        """Without a script the built-in route decides, and there is nothing to read again."""
        scripts = Scripts(Config(Path("dispatcher.toml")), self.farm.router)
        scripts.install(self.farm.proxy)
        self.assertEqual(scripts.reload(), "")
        self.assertEqual(self._answer(1), "MESSAGE sip:bob@example.com SIP/2.0 > 5071")

    def test_swapped(self) -> None:
        """After a reload the new script decides."""
        scripts = self._scripts(REFUSES)
        self.path.write_text(REFUSES.replace("404", "405"))
        self.assertEqual(scripts.reload(), str(self.path))
        self.assertEqual(self._answer(1), "SIP/2.0 405 Method Not Allowed > 5060")

    def test_broken(self) -> None:
        """A script that can't be run is refused with its line, and the one before decides on."""
        scripts = self._scripts(REFUSES)
        self.path.write_text("def route(request:\n")
        problem = str(self.assertRaises(ConfigErrors, scripts.reload))
        self.assertIn(f"{self.path}:1: not Python", problem)
        self.path.unlink()
        self.assertIn("can't be read", str(self.assertRaises(ConfigErrors, scripts.reload)))
        self.assertEqual(self._answer(1), "SIP/2.0 404 Not Found > 5060")

    def test_a_waiting_request(self) -> None:
        """A request that waits ends with the script that it began with."""
        self.farm.router.lookup = lambda name: None
        answer: Deferred[None] = Deferred()
        self.farm.router.reload = lambda: answer
        scripts = self._scripts(
            "async def route(request):\n    await request.router.reload()\n    request.reply(480)\n"
        )
        self.farm.receive(request(b"MESSAGE"))
        self.path.write_text(REFUSES)
        scripts.reload()
        answer.callback(None)
        self.assertEqual(self.farm.lines(), ["SIP/2.0 480 Temporarily Unavailable > 5060"])

    def test_language(self) -> None:
        """A language may be named; one that can't be run is told."""
        self._scripts(f'{REFUSES}_ = """\\nroute {{\\n"""\n', "native")
        self.assertEqual(self._answer(1), "SIP/2.0 404 Not Found > 5060")
        problem = str(self.assertRaises(ConfigErrors, self._scripts, REFUSES, "lua"))
        self.assertIn("a script in 'lua' can't be run here; there is native", problem)
