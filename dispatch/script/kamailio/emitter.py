"""Statements made into lines of Python, with where each comes from."""

from __future__ import annotations

from typing import Final

from dispatch.script.kamailio.operands import Operands
from dispatch.script.kamailio.reach import nodes
from dispatch.script.kamailio.tree import (
    Assign,
    Binary,
    Block,
    Break,
    Call,
    Case,
    Do,
    Drop,
    Exit,
    If,
    Number,
    Position,
    Return,
    Script,
    Statement,
    Switch,
    Text,
    While,
)

_INDENT: Final = "    "


class Emitter(Operands):
    """Writes Python.

    Args:
        script: that is compiled.
        max_loops: rounds of a ``while``.

    Attributes:
        lines: of the routes, so far, and where each comes from.
    """

    def __init__(self, script: Script, max_loops: int) -> None:
        super().__init__(script)
        self.lines: list[tuple[str, Position | None]] = []
        self._max_loops = max_loops
        self._depth = 0
        self._within: list[str] = []  # what a break leaves: the loops and switches around
        self._switches = 0

    def line(self, text: str, at: Position | None) -> None:
        """One more."""
        self.lines.append((_INDENT * self._depth + text if text else "", at))

    def block(self, name: str, block: Block) -> None:
        """A route as a function."""
        self.line("", None)
        self.line("", None)
        self.line(f"def {name}(act):", block.at)
        self._depth += 1
        self._body(block.body, block.at)
        calls = any(isinstance(one, Call) for one in nodes(block.body))
        self.line("return act.code" if calls else "return 1", block.at)
        self._depth -= 1

    def _body(self, statements: tuple[Statement, ...], at: Position) -> None:
        if not statements:
            self.line("pass", at)
        for one in statements:
            self._statement(one)

    def _nested(self, statements: tuple[Statement, ...], at: Position) -> None:
        self._depth += 1
        self._body(statements, at)
        self._depth -= 1

    def _statement(self, node: Statement) -> None:
        if isinstance(node, Do):
            self._do(node)
        elif isinstance(node, Assign):
            self._assign(node)
        elif isinstance(node, If):
            self._if(node)
        elif isinstance(node, While):
            self._while(node)
        elif isinstance(node, Switch):
            self._switch(node)
        elif isinstance(node, Return):
            self._return(node)
        elif isinstance(node, Exit):
            self.line("raise Exit", node.at)
        elif isinstance(node, Drop):
            self.line("drop(act)", node.at)
        else:
            assert isinstance(node, Break)
            self.line("break" if self._within else "return 1", node.at)

    def _do(self, node: Do) -> None:
        level = self.log_level(node.call)
        if level is None:
            self.line(self.coded(node.call), node.at)
            return
        self.line(f"if act.stage.level >= {level}:", node.at)
        self.line(f"{_INDENT}{self.bare(node.call)}", node.at)
        self.line("act.code = 1", node.at)

    def _assign(self, node: Assign) -> None:
        target = self.target(node.target)
        value = self.assigned(node.value)
        may_fail = any(isinstance(one, Binary) and one.operator in ("/", "mod", "=~") for one in nodes(node.value))
        if not may_fail:
            self.line(f"{target}.write(act, {value})", node.at)
            return
        self.line("try:", node.at)
        self.line(f"{_INDENT}{target}.write(act, {value})", node.at)
        self.line("except (ZeroDivisionError, ValueError) as error:", node.at)
        self.line(f"{_INDENT}complain(act, f{_quoted(f'{node.at}: ')!s} + str(error))", node.at)

    def _if(self, node: If, word: str = "if") -> None:
        self.line(f"{word} {self.condition(node.condition)}:", node.at)
        self._nested(node.then, node.at)
        if len(node.otherwise) == 1 and isinstance(node.otherwise[0], If):
            self._if(node.otherwise[0], "elif")
        elif node.otherwise:
            self.line("else:", node.at)
            self._nested(node.otherwise, node.at)

    def _while(self, node: While) -> None:
        self.line(f"for _ in range({self._max_loops}):", node.at)
        self._depth += 1
        self.line(f"if not ({self.condition(node.condition)}):", node.at)
        self.line(f"{_INDENT}break", node.at)
        self._within.append("while")
        self._body(node.body, node.at)
        self._within.pop()
        self._depth -= 1
        self.line("else:", node.at)
        self.line(
            f"{_INDENT}complain(act, {f'{node.at}: more than {self._max_loops} rounds; the loop ends'!r})", node.at
        )

    def _return(self, node: Return) -> None:
        if node.value is None:
            self.line("return 1", node.at)
        else:
            self.line(f"return {self.number(node.value)}", node.at)

    def _switch(self, node: Switch) -> None:
        """The case that fits says where to begin; from there on it falls through until something leaves."""
        self._check_cases(node)
        self._switches += 1
        value, begin = f"value_{self._switches}", f"case_{self._switches}"
        is_number = all(isinstance(one.value, Number) for one in node.cases if one.value is not None)
        subject = self.value(node.subject)
        self.line(f"{value} = switch_number({subject})" if is_number else f"{value} = text({subject})", node.at)
        word, otherwise = "if", len(node.cases)
        for index, case in enumerate(node.cases):
            if case.value is None:
                otherwise = index
                continue
            self.line(f"{word} {self._fits(value, case)}:", case.at)
            self.line(f"{_INDENT}{begin} = {index}", case.at)
            word = "elif"
        if word == "if":
            self.line(f"{begin} = {otherwise}", node.at)
        else:
            self.line("else:", node.at)
            self.line(f"{_INDENT}{begin} = {otherwise}", node.at)
        self.line("while True:", node.at)
        self._depth += 1
        self._within.append("switch")
        for index, case in enumerate(node.cases):
            if case.body:
                self.line(f"if {begin} <= {index}:", case.at)
                self._nested(case.body, case.at)
        self.line("break", node.at)
        self._within.pop()
        self._depth -= 1

    def _fits(self, value: str, case: Case) -> str:
        assert case.value is not None
        if case.is_pattern and isinstance(case.value, Text):
            name = self.pattern(case.value.value, case.at, ignores_case=False)
            return f"{name}.search({value}) is not None"
        if isinstance(case.value, Number):
            return f"{value} == {case.value.value}"
        return f"{value} == {case.value.value.encode('utf-8', 'surrogateescape')!r}"

    def _check_cases(self, node: Switch) -> None:
        kinds = {type(one.value) for one in node.cases if one.value is not None}
        if len(kinds) > 1:
            self.problem(node.at, "the cases are numbers and strings; write all of one kind")
        if sum(one.value is None for one in node.cases) > 1:
            self.problem(node.at, "the switch has two defaults; remove one")


def _quoted(text: str) -> str:
    return repr(text.replace("{", "{{").replace("}", "}}"))
