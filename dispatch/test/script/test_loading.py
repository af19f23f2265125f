"""Tests of dispatch.script.loading."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from dispatch.errors import ConfigError
from dispatch.script.loading import KAMAILIO, KEMI, NATIVE, language, load


class LanguageTests(SynchronousTestCase):
    def test_by_content(self) -> None:
        """What a script is written in is seen from what it contains."""
        for source, expected in (
            (b"def route(request):\n    request.reply(404)\n", NATIVE),
            (b"", NATIVE),
            (b'"""A route { with braces }, and no KSR."""\nasync def route(request): ...\n', NATIVE),
            (b"import sys\nimport KSR as KSR\n", KEMI),
            (b"def mod_init():\n    return kamailio()\n", KEMI),
            (b"#!KAMAILIO\n", KAMAILIO),
            (b'debug=2\nloadmodule "tm.so"\n', KAMAILIO),
            (b"request_route {\n}\n", KAMAILIO),
            (b"route{\n}\n", KAMAILIO),
        ):
            self.assertEqual(language(source), expected, source)


class LoadTests(SynchronousTestCase):
    def test_route(self) -> None:
        """The function called route is the route; each load has names of its own."""
        source = b"count = []\ndef route(request):\n    count.append(request)\n    return len(count)\n"
        first, second = load(source, "route.py"), load(source, "route.py")
        self.assertEqual([first(None), first(None), second(None)], [1, 2, 1])  # type: ignore[arg-type]

    def test_problems(self) -> None:
        """What is wrong with a script is told with its file and line."""
        for source, line, words in (
            (b"def route(request):\n  x = = 1\n", 2, "not Python: invalid syntax"),
            (b"import nothing_of_that_name\n", 1, "ModuleNotFoundError: No module named"),
            (b"def f():\n    raise ValueError('no')\n\nf()\n", 2, "ValueError: no"),
            (b"def routes(request): ...\n", 0, "there is no 'def route(request):' in it; did you mean 'routes'?"),
            (b"x = 1\n", 0, "there is no 'def route(request):' in it"),
            (b"\0", 0, "not Python: source code string cannot contain null bytes"),
            (b"x = '\xff'\n", 1, "not Python: "),
        ):
            problem = self.assertRaises(ConfigError, load, source, "route.py")
            self.assertEqual((problem.path, problem.line), ("route.py", line), source)
            self.assertIn(words, problem.remedy)
