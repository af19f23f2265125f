"""Tests of the reading of a `kamailio.cfg`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from dispatch.script.kamailio.parser import parse_file
from dispatch.script.kamailio.tree import Kind, Position, Script

WHOLE = r"""#!KAMAILIO
#!define WITH_X
#!define WHERE 127.0.0.1
/* one /* in another */ still */
debug=2; log_stderror=no
listen=udp:WHERE:5060 advertise 192.0.2.1:5060
alias="sip.example.com";
my.number = 7 desc "mine"
loadmodule "/usr/lib/tm.so"
loadmodule "pv"
modparam("tm|rr", "fr_timer", -1)
modparam("pv", "varset", 'a=s:"x')
#!ifdef WITH_X
request_route {
    if ($ru =~ "^sip:" && !has_totag()) { exit; } else drop;
    route(ONE);
    forward(10.0.0.1, 5060);
    force_rport;
}
#!else
nonsense ( here
#!endif
route[ONE] { return -1; }
event_route[dispatcher:dst-down] { xlog("L_INFO", "$ru\n"); }
"""

LETTERS = list("route{}()[];=\"'$ru#!/*\\\n ifdefn,:&|<>@.01")


def parsed(text: str, **others: str) -> Script:
    """A file ``/x/k.cfg``, with others beside it."""
    files = {Path("/x/k.cfg"): text, **{Path("/x") / name.replace("_", "."): each for name, each in others.items()}}

    def read(path: Path) -> str:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path]

    return parse_file(Path("/x/k.cfg"), environment={"HOME": "/root"}, read=read)


def plain(node: Any) -> Any:
    """A tree without places."""
    if isinstance(node, tuple):
        return [plain(one) for one in node]
    if is_dataclass(node) and not isinstance(node, type):
        values = [getattr(node, field.name) for field in fields(node)]
        return (type(node).__name__, *(plain(one) for one in values if not isinstance(one, Position)))
    return node


def body(text: str) -> list[Any]:
    script = parsed(f"route {{\n{text}\n}}\n")
    assert not script.problems, [str(one) for one in script.problems]
    (block,) = script.blocks
    made: list[Any] = plain(block.body)
    return made


def value(text: str) -> Any:
    """An expression, its operators in parentheses."""
    ((_, _, expression),) = body(f"$var(x) = {text};")
    return spelled(expression)


def spelled(node: Any) -> str:
    name, *parts = node
    if name == "Binary":
        return f"({spelled(parts[1])} {parts[0]} {spelled(parts[2])})"
    if name == "Unary":
        return f"({parts[0]} {spelled(parts[1])})"
    if name == "Variable":
        return str(parts[-1])
    if name == "Call":
        return f"{parts[0]}({', '.join(map(spelled, parts[1]))})"
    return repr(parts[0])


class WholeTests(SynchronousTestCase):
    def test_a_file(self) -> None:
        """Settings, modules, their parameters and routes are found, defines put in, comments left out."""
        script = parsed(WHOLE)
        self.assertEqual(script.problems, [])
        settings = {one.name: [spelled(plain(each)).strip("'") for each in one.values] for one in script.settings}
        self.assertEqual(settings["listen"], ["udp:127.0.0.1:5060", "advertise", "192.0.2.1:5060"])
        self.assertEqual((settings["debug"], settings["alias"]), (["2"], ["sip.example.com"]))
        self.assertEqual(settings["my.number"], ["7", "desc", "mine"])
        self.assertEqual([one.module for one in script.modules], ["tm", "pv"])
        found = [(one.modules, one.name, one.value.value) for one in script.modparams]
        self.assertEqual(found, [("tm|rr", "fr_timer", -1), ("pv", "varset", 'a=s:"x')])
        kinds = [(one.kind, one.name) for one in script.blocks]
        self.assertEqual(kinds, [(Kind.REQUEST, ""), (Kind.ROUTE, "ONE"), (Kind.EVENT, "dispatcher:dst-down")])
        self.assertEqual(script.defines, {"WITH_X": "", "WHERE": "127.0.0.1"})
        self.assertEqual(script.blocks[0].at, Position(Path("/x/k.cfg"), 14, 1))

    def test_includes(self) -> None:
        """A file is read where it is included, beside the file that does; one that may be missing is passed over."""
        text = 'include_file "a.cfg"\n#!import_file "none.cfg"\nimport_file "none.cfg"\ndebug=1\n'
        script = parsed(text, a_cfg='#!define X 2\nchildren=X\n#!include_file "b.cfg"\n', b_cfg="port=5080\n")
        self.assertEqual((script.problems, [one.name for one in script.settings]), ([], ["children", "port", "debug"]))
        (problem,) = parsed('include_file "none.cfg"\n').problems
        self.assertIn("can't be read: No such file", str(problem))
        (problem,) = parsed('include_file "a.cfg"\n', a_cfg='include_file "a.cfg"\n').problems
        self.assertIn("include itself", str(problem))


class DirectiveTests(SynchronousTestCase):
    def test_defines(self) -> None:
        """A define stands for its text as an identifier, and nowhere else; what is defined twice is told."""
        text = '#!define A 7 +\\\n 1\n#!trydef A 9\n#!redefine B "two"\n'
        text += 'route { $var(x) = A; $var(A) = "A"; $var(y) = B; }\n'
        script = parsed(text)
        self.assertEqual(script.problems, [])
        one, two, three = (plain(each)[2] for each in script.blocks[0].body)
        self.assertEqual((spelled(one), spelled(two), spelled(three)), ("(7 + 1)", "'A'", "'two'"))
        for text, words in (
            ("#!define A\n#!define A 1\n", "defined already"),
            ("#!define name 1\n", "is a keyword"),
            ("#!define\n", "needs a name"),
            ("#!define A A\nchildren=A\n", "defined by itself"),
            ("#!ifdef A\n", "add #!endif"),
            ("#!endif\n", "without #!ifdef"),
            ("#!defenv NOTHING\n", "#!trydefenv"),
            ('#!subst "/x"\n', "is written"),
            ('#!subst "/(/x/"\n', "no regular expression"),
        ):
            self.assertIn(words, " ".join(map(str, parsed(text).problems)))

    def test_conditions(self) -> None:
        """What a condition leaves out is not looked at; conditions nest."""
        text = '#!ifdef A\n"never ended\n#!ifdef B\n#!endif\n#!else\n#!ifndef A\ndebug=1\n'
        text += "#!else\ndebug=2\n#!endif\n#!endif\n"
        script = parsed(text)
        self.assertEqual((script.problems, len(script.settings)), ([], 1))

    def test_substitutions(self) -> None:
        """A substitution changes strings; `substdef` defines as well."""
        text = (
            '#!subst "/gw([0-9])/host\\1/g"\n#!substdef "!WHO!bob!g"\nroute { xlog("gw1 WHO gw2"); $var(x) = WHO; }\n'
        )
        script = parsed(text)
        self.assertEqual(script.problems, [])
        self.assertIn("host1 bob host2", repr(script.blocks[0].body))
        self.assertEqual(script.defines["WHO"], "bob")


class StatementTests(SynchronousTestCase):
    def test_kinds(self) -> None:
        """Each kind of statement becomes a node of its own."""
        made = body(
            'if (1) { ; } else if (2) exit; while (1) { break; } return; return (1); drop; force_rport; x("a", 1);'
            'switch ($rm) { case "A": case /"B": exit; default: drop; }'
        )
        names = [one[0] for one in made]
        self.assertEqual(names, ["If", "While", "Return", "Return", "Drop", "Do", "Do", "Switch"])
        self.assertEqual(made[0][3][0][0], "If")
        self.assertEqual([case[2] for case in made[-1][2]], [False, True, False])

    def test_precedence(self) -> None:
        """Operators bind as in the original."""
        for text, grouped in (
            ("!$rU == 1", "((! $rU) == 1)"),
            ("6 & 3 == 2", "(6 & (3 == 2))"),
            ("1 << 2 + 1", "(1 << (2 + 1))"),
            ("1 - 2 - 3", "((1 - 2) - 3)"),
            ("1 or 2 and 3 || 4", "((1 || (2 && 3)) || 4)"),
            ("(int)$rU + 1", "((int $rU) + 1)"),
            ("-7 mod 3", "(-7 mod 3)"),
            ("defined $rU && 0x1f", "((defined $rU) && 31)"),
            ("strlen($rU) * 101b", "((strlen $rU) * 5)"),
            ("f(1, g(2)) ieq 010", "(f(1, g(2)) ieq 8)"),
        ):
            self.assertEqual(value(text), grouped)

    def test_strings(self) -> None:
        """Escapes are undone in double quotes only; neighbours are one string."""
        for text, meant in (
            (r'"a\n\"\\\x41\101\d" "b"', 'a\n"\\AA\\db'),
            (r"'a\n'", "a\\n"),
        ):
            ((_, _, made),) = body(f"$var(x) = {text};")
            self.assertEqual(made[1], meant)

    def test_variables(self) -> None:
        """A variable has name, inner text, index and transformations."""
        for text, parts in (
            ("$ru", ("ru", None, None, [])),
            ("$avp(s:x)", ("avp", "s:x", None, [])),
            ("$(hdr(X)[-1]{s.select,1,;}{s.len})", ("hdr", "X", "-1", ["s.select,1,;", "s.len"])),
            ("$(avp(x)[$var(i)])", ("avp", "x", "$var(i)", [])),
            ("$xavp(a[0]=>b)", ("xavp", "a[0]=>b", None, [])),
            ("$?", ("?", None, None, [])),
        ):
            ((_, _, made),) = body(f"$var(x) = {text};")
            self.assertEqual(made[1:5], parts)

    def test_old_conditions(self) -> None:
        """Conditions without a dollar are read as they are written."""
        for text, parts in (
            ('method == "INVITE"', ("method", "==")),
            ("method != ACK", ("method", "!=")),
            ("uri == myself", ("uri", "==")),
            ("src_ip == 10.0.0.0/8", ("src_ip", "==")),
            ("src_ip == ::1", ("src_ip", "==")),
            ("msg:len >= 100", ("msg:len", ">=")),
            ("src_port == 5060 && proto == UDP", None),
        ):
            ((_, condition, _, _),) = body(f"if ({text}) exit;")
            if parts is not None:
                self.assertEqual((condition[0], *condition[1:3]), ("OldCondition", *parts))

    def test_an_assignment_as_condition(self) -> None:
        """It is taken, and told."""
        script = parsed("route { if ($var(a) = 1) exit; }")
        self.assertEqual([one.is_warning for one in script.problems], [True])


class MistakeTests(SynchronousTestCase):
    def test_all_at_once(self) -> None:
        """Each mistake is told with file, line and column, and reading goes on behind it."""
        script = parsed('route {\n  x(;\n  exit;\n  $ru "a";\n  if 1 {\n}\n}\nnonsense\nroute[A] { y; }\ndebug=3\n')
        self.assertEqual([one.at.line for one in script.problems], [2, 4, 8, 9])
        self.assertEqual(str(script.problems[0]), "/x/k.cfg:2:5: a value is expected before ';'")
        self.assertEqual([one.name for one in script.settings], ["debug"])

    def test_messages(self) -> None:
        """What is often written wrong is told with what to write."""
        for text, words in (
            ('route { if ($ru !~ "x") exit; }', "write !($x =~"),
            ("route { $var(x) = 5 % 2; }", "mod"),
            ("route { $var(x) = 1 }", "';' is expected"),
            ("route { exit;", "add }"),
            ("failure_route { }", "needs a name"),
            ("route[A] { }\nroute[A] { }", "is there already"),
            ('modparam("tm", "x")', "',' is expected"),
            ("route { $(ru{s.len) = 1; }", "has no end"),
            ('route { xlog("x); }', "the string has no end"),
            ("debug =\n", "has no value"),
            ("route { $var(x) = " + "(" * 5000 + " }", "parentheses"),
        ):
            self.assertIn(words, " ".join(map(str, parsed(text).problems)), text)

    @given(st.text(st.sampled_from(LETTERS), max_size=80) | st.text(max_size=30))
    def test_any_text(self, text: str) -> None:
        """Any text gives a tree, or mistakes with their places, and never another exception."""
        parsed(text)
        parsed("route { " + text)
