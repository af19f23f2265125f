"""Compiled scripts: what they give, and what is said of those that can't run."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from dispatch.script.kamailio import compiler
from dispatch.script.kamailio.compiler import Compiled
from dispatch.script.kamailio.parser import parse_file
from dispatch.test.script.acting import Staged
from dispatch.test.wire import request

_MODULES = 'loadmodule "tm"\nloadmodule "sl"\nloadmodule "textops"\nloadmodule "pv"\nloadmodule "dispatcher"\n'
_PATH = Path("kamailio.cfg")


def compiled(text: str) -> Compiled:
    """What a script is compiled to; its first line is line 6."""
    return compiler.compile(parse_file(_PATH, read=lambda path: _MODULES + text))


def replied(body: str, others: str = "") -> tuple[bytes, list[str]]:
    """What a MESSAGE is answered, and the log."""
    made = compiled(f"request_route {{\n{body}\n}}\n{others}")
    assert made.is_fit, made.problems
    routes = compiler.load(made, _PATH)
    farm = Staged(routes.request)
    farm.stage.routes = routes
    farm.receive(request(b"MESSAGE"))
    (reply,) = farm.sent(b"SIP/2.0")
    return reply, farm.log


def shown(expression: str, before: str = "") -> str:
    """The value of an expression, as a text shows it."""
    reply, _ = replied(
        f'{before} $var(r) = {expression}; append_to_reply("X-R: [$var(r)]\\r\\n"); sl_send_reply(200, "OK");'
    )
    return reply.decode("latin-1").partition("X-R: [")[2].partition("]")[0]


class ExpressionTests(SynchronousTestCase):
    def test_left_operand_decides(self) -> None:
        """A sum is one of strings where its left operand is a string, and of numbers where it is a number."""
        self.assertEqual(shown('"1" + 2 + 3'), "123")
        self.assertEqual(shown("1 + $var(d)", '$var(d) = "12";'), "13")
        self.assertEqual(shown("$var(d) + 1", '$var(d) = "12";'), "121")

    def test_cut_towards_zero(self) -> None:
        """Quotients lose their fraction, the rest has the sign of the left operand."""
        self.assertEqual((shown("-7 / 2"), shown("-7 mod 3")), ("-3", "-1"))

    def test_64_bits(self) -> None:
        """Numbers have 64 bits with sign, however often they are multiplied."""
        self.assertEqual(shown("0x7fffffffffffffff + 1"), "-9223372036854775808")

    def test_division_by_zero(self) -> None:
        """An assignment that divides by zero is not done, which is in the log; the script goes on."""
        reply, log = replied('$var(x) = 5; $var(x) = 1 / 0; sl_send_reply(200, "$var(x)");')
        self.assertTrue(reply.startswith(b"SIP/2.0 200 5\r\n"), reply)
        self.assertIn("kamailio.cfg:7:", log[0])

    def test_call_in_expression(self) -> None:
        """A call that is assigned gives its code; in a larger expression it is 1 or 0."""
        self.assertEqual(shown('is_method("BYE")'), "-1")
        self.assertEqual(shown('is_method("BYE") == -1'), "0")

    def test_bracket_expressions(self) -> None:
        """A backslash in brackets stands for itself, classes have names, and case does not count."""
        self.assertEqual(shown('"A7" =~ "^[[:alpha:]][[:digit:]]$"'), "1")
        self.assertEqual(shown("'a\\b' =~ '[\\]'"), "1")


class FlowTests(SynchronousTestCase):
    def test_zero_ends(self) -> None:
        """A route that returns 0 ends the script."""
        reply, _ = replied('route(A); sl_send_reply(500, "Late");', 'route[A] { sl_send_reply(200, "OK"); return 0; }')
        self.assertTrue(reply.startswith(b"SIP/2.0 200 "), reply)

    def test_endless_loop(self) -> None:
        """A while ends after 100 rounds, and the script goes on."""
        reply, log = replied('while (1) $var(n) = $var(n) + 1; sl_send_reply(200, "$var(n)");')
        self.assertTrue(reply.startswith(b"SIP/2.0 200 100\r\n"), reply)
        self.assertIn("more than 100 rounds", log[0])

    def test_break_of_a_switch(self) -> None:
        """A break in a switch that stands in a while leaves the switch only."""
        switch = "switch ($var(n)) { case 1: break; default: $var(m) = $var(m) + 1; }"
        body = f"while ($var(n) < 3) {{ {switch} $var(n) = $var(n) + 1; }}"
        reply, _ = replied(f'{body} sl_send_reply(200, "$var(m)");')
        self.assertTrue(reply.startswith(b"SIP/2.0 200 2\r\n"), reply)

    def test_recursion(self) -> None:
        """A route that calls itself without end is stopped: 500, and a line in the log."""
        reply, log = replied("route(A);", "route[A] { route(A); }")
        self.assertTrue(reply.startswith(b"SIP/2.0 500 "), reply)
        self.assertIn("RecursionError", log[0])

    def test_line_of_the_script(self) -> None:
        """What fails while it runs is logged with the line of the script."""
        reply, log = replied('$var(x) = "a\\r\\n\\r\\nb";\nappend_to_reply("X: $var(x)\\r\\n");')
        self.assertTrue(reply.startswith(b"SIP/2.0 500 "), reply)
        self.assertIn("kamailio.cfg:8", log[0])


class ProblemTests(SynchronousTestCase):
    def told(self, body: str, others: str = "") -> list[str]:
        made = compiled(f"request_route {{ {body} }}\n{others}")
        return [str(one) for one in made.problems]

    def test_all_at_once(self) -> None:
        """Every mistake is told in one go, with line and column, and what was probably meant."""
        told = self.told('t_relai();\n$var(x) = $rx;\nroute(NONE);\n$rm = "BYE";\nis_method();')
        self.assertEqual([one.split(": ")[0] for one in told], [
            "kamailio.cfg:6:17", "kamailio.cfg:7:11", "kamailio.cfg:8:1", "kamailio.cfg:9:1", "kamailio.cfg:10:1",
        ])  # fmt: skip
        self.assertIn("did you mean t_relay()?", told[0])

    def test_module_missing(self) -> None:
        """A function whose module is not loaded is named with the module that it needs."""
        self.assertIn('record_route() needs loadmodule "rr.so"', self.told("record_route();")[0])

    def test_wrong_kind_of_route(self) -> None:
        """A function that can't work in the kind of route it is in, by way of other routes too, is told."""
        told = self.told("exit;", "branch_route[B] { route(A); } route[A] { t_relay(); }")
        self.assertIn("t_relay() can't be called in a branch_route", told[0])

    def test_pattern(self) -> None:
        """A regular expression that is none is told at load."""
        self.assertIn("no regular expression", self.told('if ($ru =~ "(") exit;')[0])

    def test_number_and_string(self) -> None:
        """A number constant compared with a string constant is refused, as in the original."""
        self.assertEqual(len(self.told('if (10 == "10") exit;')), 1)
