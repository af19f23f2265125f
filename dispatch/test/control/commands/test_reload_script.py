"""Tests of `reload-script`."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from dispatch.control.command import ScriptRefused
from dispatch.control.commands.reload_script import RELOAD_SCRIPT, ScriptReloaded, run
from dispatch.errors import ConfigError, ConfigErrors
from dispatch.test.control.make import LIST, Steered


class ReloadScriptTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.control = Steered(LIST).control()

    def test_reloaded(self) -> None:
        """It tells which script decides now."""
        answer = run(replace(self.control, reload_script=lambda: "route.py"))
        self.assertEqual(answer, ScriptReloaded("route.py"))
        self.assertEqual(RELOAD_SCRIPT.sentence(answer), "route.py decides on requests that come from now on")

    def test_refused(self) -> None:
        """What is wrong with it is told with its line."""

        def fail() -> str:
            raise ConfigErrors([ConfigError("route.py", 3, "not Python: invalid syntax")])

        error = self.assertRaises(ScriptRefused, run, replace(self.control, reload_script=fail))
        text = "route.py:3: not Python: invalid syntax\nthe script before stays in force"
        self.assertEqual(str(error), text)

    def test_none(self) -> None:
        """Where the built-in route decides, there is nothing to read again."""
        self.assertRaises(ScriptRefused, run, replace(self.control, reload_script=lambda: ""))
