"""Expressions and calls made into Python expressions; what is wrong with them is noted."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from dispatch.script import act
from dispatch.script.functions import FUNCTIONS
from dispatch.script.functions.function import Function
from dispatch.script.functions.function import Kind as Argument
from dispatch.script.functions.xlog import LEVELS, level_of
from dispatch.script.kamailio import posix, reach, runtime, tokens
from dispatch.script.kamailio.tree import (
    Assigning,
    Binary,
    Call,
    Choice,
    Expression,
    Number,
    OldCondition,
    Position,
    Problem,
    Script,
    Select,
    Text,
    Unary,
    Variable,
    Word,
)
from dispatch.script.values import whole_number

_ALWAYS: Final = "core"
_INTEGERS: Final = {"-": "-", "*": "*", "&": "&", "|": "|", "^": "^"}
_ORDER: Final = ("<", ">", "<=", ">=")
_ERROR: Final = -1
# A text for a regular expression has a variable in it, not an anchor.
_LATE_PATTERN: Final = re.compile(r"\$\(?(?:var|avp|xavp|shv|hdr|vn|vz|def|sht)\(|^\$[a-zA-Z]+$")


class Operands:
    """Writes expressions.

    Args:
        script: that is compiled.

    Attributes:
        problems: what is wrong.
        routes: Python name of each ``route[NAME]``.
        kinds: the kinds of route that what is written may run in.
        variable_names: of the variables that it uses, without dollar.
    """

    def __init__(self, script: Script) -> None:
        self.problems: list[Problem] = []
        self.routes: dict[str, str] = {}
        self.kinds = act.Block.REQUEST
        self.variable_names: set[str] = set()
        self._script = script
        self._modules = {one.module for one in script.modules} | {_ALWAYS}
        self._definitions = script.defines
        self._variables: dict[str, tuple[str, bool]] = {}  # by text: Python name, and whether it can be written
        self._texts: dict[str, str] = {}
        self._patterns: dict[tuple[bytes, bool], str] = {}
        self._functions: dict[str, None] = {}
        self._flags = _flag_names(script)
        self._armed = {(reach.kind_of(block), block.name) for block in script.blocks}

    def problem(self, at: Position, message: str, *, is_warning: bool = False) -> None:
        """Something is wrong, or odd."""
        self.problems.append(Problem(at, message, is_warning))

    def constants(self) -> str:
        """What is made once, before any route runs."""
        lines = ["ROUTES = {}"]
        uses_definitions = "def" in self.variable_names
        if uses_definitions:
            lines.append(f"DEFINITIONS = {self._definitions!r}")
        behind = ", definitions=DEFINITIONS" if uses_definitions else ""
        lines += [f"{name} = FUNCTIONS[{name!r}].call" for name in self._functions]
        lines += [f"{name} = variable({text!r}{behind})" for text, (name, _) in self._variables.items()]
        lines += [f"{name} = format({text!r}{behind})" for text, name in self._texts.items()]
        for (expression, ignores_case), name in self._patterns.items():
            lines.append(f"{name} = pattern({expression!r}{'' if ignores_case else ', ignores_case=False'})")
        return "".join(line + "\n" for line in lines)

    # -- variables, texts, patterns

    def variable(self, node: Variable) -> str:
        """The Python name of a variable."""
        return self._known(node)[0]

    def _known(self, node: Variable) -> tuple[str, bool]:
        found = self._variables.get(node.text)
        if found is None:
            self.variable_names.add(node.name)
            is_writable = False
            try:
                is_writable = runtime.of_tree(node, self._definitions).write is not None
            except ValueError as error:
                self.problem(node.at, str(error))
            name = re.sub("[^A-Za-z0-9]+", "_", node.text).strip("_") or "v"
            found = (self._free(f"pv_{name}"), is_writable)
            self._variables[node.text] = found
        return found

    def _free(self, name: str) -> str:
        taken = {one for one, _ in self._variables.values()}
        index, wanted = 1, name
        while name in taken:
            index += 1
            name = f"{wanted}_{index}"
        return name

    def target(self, node: Variable) -> str:
        """A variable that is written."""
        name, is_writable = self._known(node)
        if not is_writable and not any(one.at == node.at for one in self.problems):
            self.problem(node.at, f"{node.text} can only be read")
        return name

    def format(self, written: str, at: Position) -> str:
        """A text with variables as an expression for bytes."""
        try:
            pieces = runtime.pieces(written)
        except ValueError:
            # The original takes a dollar sign that begins nothing as it is, in most places.
            return repr(written.encode("utf-8", "surrogateescape"))
        if all(isinstance(one, str) for one in pieces):
            return repr("".join(map(str, pieces)).encode("utf-8", "surrogateescape"))
        for one in pieces:
            if isinstance(one, Variable):
                self.variable_names.add(one.name)
                try:
                    runtime.of_tree(one, self._definitions)
                except ValueError as error:
                    self.problem(at, str(error))
        name = self._texts.setdefault(written, f"text_{len(self._texts) + 1}")
        return f"{name}(act)"

    def pattern(self, expression: str, at: Position, *, ignores_case: bool = True) -> str:
        """The Python name of a regular expression."""
        encoded = expression.encode("utf-8", "surrogateescape")
        try:
            posix.compile(encoded, ignores_case=ignores_case)
        except ValueError as error:
            self.problem(at, str(error))
        return self._patterns.setdefault((encoded, ignores_case), f"re_{len(self._patterns) + 1}")

    # -- expressions

    def value(self, node: Expression) -> str:
        """An expression for a string, a number or None; a call gives 1 or 0."""
        if isinstance(node, Number):
            return str(node.value)
        if isinstance(node, Text):
            return repr(node.value.encode("utf-8", "surrogateescape"))
        if isinstance(node, Variable):
            return "None" if node.text == "$null" else f"{self.variable(node)}.read(act)"
        if isinstance(node, Call):
            return f"result(act, {self.bare(node)})"
        if isinstance(node, Unary):
            return self._unary(node)
        if isinstance(node, Binary):
            return self._binary(node)
        if isinstance(node, Choice):
            condition = self.condition(node.condition)
            return f"({self.value(node.one)} if {condition} else {self.value(node.other)})"
        if isinstance(node, OldCondition):
            return f"int({self._old(node)})"
        if isinstance(node, Assigning):
            target, value = self.target(node.assignment.target), self.assigned(node.assignment.value)
            return f"assign(act, {target}, {value})"
        if isinstance(node, Select):
            self.problem(node.at, f"@{node.path}: selects are not part of the dispatcher; write the variable")
            return "None"
        self.problem(node.at, f"{node.name!r} is no value; a string is written in quotes")
        return "None"

    def assigned(self, node: Expression) -> str:
        """As `value`, where a call gives its code."""
        return self.coded(node) if isinstance(node, Call) else self.value(node)

    def number(self, node: Expression) -> str:
        """An expression for a number."""
        if isinstance(node, Number):
            return str(node.value)
        if isinstance(node, Call):
            return self.coded(node)
        return self._integer(node)

    def _integer(self, node: Expression) -> str:
        if _is_integer(node):
            return self.value(node)
        if isinstance(node, Text):
            return str(whole_number(node.value.encode("utf-8", "surrogateescape")) or 0)
        return f"integer({self.value(node)})"

    def _string(self, node: Expression) -> str:
        return self.value(node) if _is_string(node) else f"text({self.value(node)})"

    def condition(self, node: Expression) -> str:
        """An expression for True or False."""
        if isinstance(node, Call):
            return f"{self.coded(node)} > 0"
        if isinstance(node, OldCondition):
            return self._old(node)
        if isinstance(node, Unary) and node.operator == "!":
            return self._not(node.operand)
        if isinstance(node, Unary) and node.operator == "defined":
            return f"{self.value(node.operand)} is not None"
        if isinstance(node, Binary):
            if node.operator in ("&&", "||"):
                word = "and" if node.operator == "&&" else "or"
                return f"({self.condition(node.left)} {word} {self.condition(node.right)})"
            compared = self._compared(node)
            if compared is not None:
                return compared
        return f"{self._integer(node)} > 0"

    def _not(self, node: Expression) -> str:
        """C-like: true where the number is 0; what is a yes or no already is turned round."""
        is_truth = isinstance(node, Call | OldCondition) or (
            (isinstance(node, Binary) and node.operator in _TRUTHS)
            or (isinstance(node, Unary) and node.operator in _YES_NO)
        )
        return f"not ({self.condition(node)})" if is_truth else f"{self._integer(node)} == 0"

    def _unary(self, node: Unary) -> str:
        operand, operator = node.operand, node.operator
        if operator == "!":
            return f"int({self._not(operand)})"
        if operator == "defined":
            return f"int({self.value(operand)} is not None)"
        if operator == "int":
            return self._integer(operand)
        if operator == "str":
            return self._string(operand)
        if operator == "strlen":
            return f"len({self._string(operand)})"
        if operator == "strempty":
            return f"int(not {self._string(operand)})"
        return f"{operator}{self._integer(operand)}"

    def _binary(self, node: Binary) -> str:
        operator = node.operator
        if operator in ("&&", "||"):
            return f"int({self.condition(node)})"
        compared = self._compared(node)
        if compared is not None:
            return f"int({compared})"
        left, right = self._integer(node.left), self._integer(node.right)
        if operator == "+":
            return self._sum(node)
        if operator in _INTEGERS:
            return f"wrap({left} * {right})" if operator == "*" else f"({left} {operator} {right})"
        name = {"/": "divide", "mod": "remainder", "<<": "shift_left", ">>": "shift_right"}[operator]
        return f"{name}({left}, {right})"

    def _sum(self, node: Binary) -> str:
        if isinstance(node.left, Number) and isinstance(node.right, Text):
            self.problem(node.at, "a number and a string constant can't be added; write the string first, or (int)")
        if _is_integer(node.left):
            return f"wrap({self._integer(node.left)} + {self._integer(node.right)})"
        if _is_string(node.left):
            return f"{self._string(node.left)} + {self._string(node.right)}"
        return f"add({self.value(node.left)}, {self.value(node.right)})"

    def _compared(self, node: Binary) -> str | None:
        """True or False; None where it is no comparison."""
        operator, left, right = node.operator, node.left, node.right
        if operator in _ORDER:
            return f"{self._integer(left)} {operator} {self._integer(right)}"
        if operator == "=~":
            if isinstance(right, Text):
                return f"{self.pattern(right.value, right.at)}.search({self._string(left)}) is not None"
            return f"matches({self.value(left)}, {self.value(right)})"
        if operator in ("eq", "ne"):
            return f"{self._string(left)} {_SIGNS[operator]} {self._string(right)}"
        if operator in ("ieq", "ine"):
            return f"{self._integer(left)} {_SIGNS[operator]} {self._integer(right)}"
        if operator in ("==", "!="):
            return self._equal(node)
        return None

    def _equal(self, node: Binary) -> str:
        left, right, sign = node.left, node.right, node.operator
        if isinstance(right, Variable) and right.text == "$null":
            return f"{self.value(left)} is {'not ' if sign == '!=' else ''}None"
        if isinstance(left, Number) and isinstance(right, Text):
            self.problem(node.at, "a number is compared with a string constant; write the string first, or no quotes")
        if _is_integer(left):
            return f"{self._integer(left)} {sign} {self._integer(right)}"
        if _is_string(left):
            return f"{self._string(left)} {sign} {self._string(right)}"
        return f"{'not ' if sign == '!=' else ''}equal({self.value(left)}, {self.value(right)})"

    # -- conditions without a dollar

    def _old(self, node: OldCondition) -> str:
        subject, operand = node.subject, node.operand
        if subject == "myself" and isinstance(operand, Word):
            return self._old(OldCondition(node.at, operand.name, node.operator, Word(node.at, "myself")))
        if subject in _NUMBERS:
            return f"{_NUMBERS[subject]} {node.operator} {self._integer(operand)}"
        if subject in ("src_ip", "dst_ip"):
            return self._old_address(node)
        if subject in ("proto", "af"):
            wanted = operand.name if isinstance(operand, Word) else getattr(operand, "value", "")
            if subject == "af":
                return f"is_ipv6(act) {node.operator} {str(wanted).upper() == 'INET6'}"
            return f"act.protocol {node.operator} {str(wanted).lower().encode()!r}"
        if subject not in _SUBJECTS:
            self.problem(node.at, f"{subject!r} can't be compared; use the variable for it")
            return "False"
        return self._old_text(node, _SUBJECTS[subject])

    def _old_text(self, node: OldCondition, subject: str) -> str:
        operand = node.operand
        if isinstance(operand, Word) and operand.name == "myself":
            return f"{'not ' if node.operator == '!=' else ''}act.is_myself({subject})"
        if isinstance(operand, Word):
            operand = Text(operand.at, operand.name)
        elif isinstance(operand, Number):
            operand = Text(operand.at, str(operand.value))
        if node.operator == "=~":
            if isinstance(operand, Text):
                return f"{self.pattern(operand.value, operand.at)}.search({subject}) is not None"
            return f"matches({subject}, {self.value(operand)})"
        return f"{subject} {node.operator} {self._string(operand)}"

    def _old_address(self, node: OldCondition) -> str:
        address = "act.source[0]" if node.subject == "src_ip" else "act.received_at[0]"
        not_ = "not " if node.operator == "!=" else ""
        operand = node.operand
        written = operand.name if isinstance(operand, Word) else operand.value if isinstance(operand, Text) else ""
        if written == "myself":
            return f"{not_}is_own_address(act, {address})"
        try:
            network = ipaddress.ip_network(str(written).strip("[]"), strict=False)
        except ValueError:
            self.problem(node.at, f"{written!r} is no address or network; write e.g. 10.0.0.0/8")
            return "False"
        wanted, mask = int(network.network_address), int(network.netmask)
        return f"{not_}is_address({address}, {network.version}, {wanted:#x}, {mask:#x})"

    # -- calls

    def log_level(self, call: Call) -> int | None:
        """The level of a line for the log, known before; None for any other call."""
        function = FUNCTIONS.get(call.name)
        if function is None or function.module != "xlog":
            return None
        if call.name not in ("xlog", "xlogl"):
            return {"xalert": -5, "xcrit": -2, "xerr": -1, "xwarn": 0, "xnotice": 1, "xinfo": 2}.get(call.name, 3)
        if len(call.arguments) < 2:
            return _ERROR
        level = call.arguments[-2]
        name = level.name if isinstance(level, Word) else level.value if isinstance(level, Text) else ""
        if isinstance(level, Number):
            return level.value
        return level_of(name.encode()) if name.upper() in LEVELS or f"L_{name.upper()}" in LEVELS else None

    def coded(self, call: Call) -> str:
        """A call whose code is kept, and ends the script where it is 0."""
        return f"done(act, {self.bare(call)})"

    def bare(self, call: Call) -> str:
        """The call itself."""
        if call.name == "route":
            return self._route(call)
        function = FUNCTIONS.get(call.name)
        if function is None:
            self.problem(call.at, f"there is no function {call.name}(){self._nearest(call.name)}")
            return "-1"
        if function.module not in self._modules:
            self.problem(call.at, f'{call.name}() needs loadmodule "{function.module}.so"')
        if not function.blocks & self.kinds and self.kinds:
            self.problem(call.at, f"{call.name}() can't be called in {_spelled(self.kinds)}")
        count = len(call.arguments)
        most = len(function.parameters)
        if not most - function.optional <= count <= most:
            wanted = str(most) if not function.optional else f"{most - function.optional} to {most}"
            self.problem(call.at, f"{call.name}() takes {wanted} arguments, not {count}")
            return "-1"
        self._functions[call.name] = None
        kinds = function.parameters
        if call.name in ("xlog", "xlogl", "log"):
            kinds = function.parameters[-count:]  # those in front may be missing
        arguments = [self._argument(kind, one, function) for kind, one in zip(kinds, call.arguments, strict=False)]
        return f"{call.name}({', '.join(['act', *arguments])})"

    def _nearest(self, name: str) -> str:
        near = difflib.get_close_matches(name, FUNCTIONS, 1, cutoff=0.6)
        return f"; did you mean {near[0]}()?" if near else "; it is not part of the dispatcher"

    def _route(self, call: Call) -> str:
        name = reach.route_name(call)
        if name is None and len(call.arguments) == 1:
            return f"call(act, ROUTES, {self._string(call.arguments[0])})"
        if name is None or name not in self.routes:
            near = difflib.get_close_matches(name or "", self.routes, 1)
            hint = f"did you mean route({near[0]})?" if near else f"write route[{name}] {{ ... }}"
            self.problem(call.at, f"there is no route[{name}]; {hint}")
            return "-1"
        return f"{self.routes[name]}(act)"

    def _argument(self, kind: Argument, node: Expression, function: Function) -> str:
        if kind is Argument.ROUTE:
            return self._route_argument(node, function)
        if kind is Argument.VARIABLE:
            return self._variable_argument(node)
        if kind is Argument.REGEX:
            return self._regex_argument(node)
        if kind is Argument.FLAG:
            return self._flag(node)
        if isinstance(node, Text):
            return self._text_argument(kind, node)
        if isinstance(node, Word):
            return repr(node.name.encode())
        if kind in (Argument.INTEGER, Argument.NUMBER):
            return self.number(node) if kind is Argument.INTEGER else self.value(node)
        if isinstance(node, Number):
            return repr(b"%d" % node.value)
        return self._string(node)

    def _text_argument(self, kind: Argument, node: Text) -> str:
        encoded = node.value.encode("utf-8", "surrogateescape")
        if kind is Argument.STRING:
            return repr(encoded)
        if kind in (Argument.INTEGER, Argument.NUMBER):
            number = whole_number(encoded)
            if number is not None:
                return str(number)
            made = self.format(node.value, node.at)
            if kind is Argument.INTEGER:
                if "$" not in node.value:
                    self.problem(node.at, f"{node.value!r} is no number")
                return f"integer({made})"
            return made
        return self.format(node.value, node.at)

    def _route_argument(self, node: Expression, function: Function) -> str:
        name = node.value if isinstance(node, Text) else node.name if isinstance(node, Word) else None
        if isinstance(node, Number):
            name = str(node.value)
        if name is None or "$" in name:
            made = self.format(name, node.at) if name is not None else self._string(node)
            return f"({made}).decode('latin-1')"
        if name != "0" and function.arms is not None and (function.arms, name) not in self._armed:
            self.problem(
                node.at, f"there is no route {name!r} for {function.name}(): nothing will run", is_warning=True
            )
        return repr(name)

    def _variable_argument(self, node: Expression) -> str:
        if isinstance(node, Variable):
            return self.variable(node)
        if isinstance(node, Text) and node.value.startswith("$"):
            try:
                return self.variable(tokens.variable(node.value.strip(), node.at))
            except ValueError as error:
                self.problem(node.at, str(error))
                return "None"
        self.problem(node.at, "a variable is expected here, e.g. $var(x)")
        return "None"

    def _regex_argument(self, node: Expression) -> str:
        if isinstance(node, Text) and not _LATE_PATTERN.search(node.value):
            return self.pattern(node.value, node.at)
        if isinstance(node, Number):
            return self.pattern(str(node.value), node.at)
        made = self.format(node.value, node.at) if isinstance(node, Text) else self._string(node)
        return f"pattern({made})"

    def _flag(self, node: Expression) -> str:
        written = node.name if isinstance(node, Word) else node.value if isinstance(node, Text) else None
        number = node.value if isinstance(node, Number) else None
        if written is not None:
            number = self._flags.get(written, whole_number(written.encode()))
        if number is None or not 0 <= number <= 31:
            self.problem(node.at, "a flag is a number from 0 to 31, or a name that flags declares")
            return "0"
        return str(number)


_SIGNS: Final = {"eq": "==", "ne": "!=", "ieq": "==", "ine": "!="}
_TRUTHS: Final = ("&&", "||", "==", "!=", "=~", "<", ">", "<=", ">=", "eq", "ne", "ieq", "ine")
_YES_NO: Final = ("!", "defined", "strempty")
_NUMBERS: Final = {"src_port": "act.source[1]", "dst_port": "act.received_at[1]", "msg:len": "len(act.message.raw)"}
_SUBJECTS: Final = {
    "method": "act.method",
    "uri": "act.uri",
    "from_uri": "act.message.reader.from_uri",
    "to_uri": "act.message.reader.to_uri",
    "status": "(b'%d' % act.message.status)",
}


def _is_integer(node: Expression) -> bool:
    """Known to be a number before it runs."""
    if isinstance(node, Unary):
        return node.operator != "str"
    if isinstance(node, Binary):
        return node.operator != "+" or _is_integer(node.left)
    return isinstance(node, Number | Call | OldCondition | Assigning)


def _is_string(node: Expression) -> bool:
    """Known to be a string before it runs."""
    if isinstance(node, Binary):
        return node.operator == "+" and _is_string(node.left)
    return isinstance(node, Text) or (isinstance(node, Unary) and node.operator == "str")


def _spelled(kinds: act.Block) -> str:
    names: Mapping[act.Block, str] = {
        act.Block.REQUEST: "a request_route",
        act.Block.FAILURE: "a failure_route",
        act.Block.BRANCH: "a branch_route",
        act.Block.REPLY: "an onreply_route",
        act.Block.ANY_REPLY: "the reply_route",
        act.Block.SEND: "the onsend_route",
        act.Block.EVENT: "an event_route",
    }
    return " or ".join(name for kind, name in names.items() if kind in kinds)


def _flag_names(script: Script) -> dict[str, int]:
    """``flags NAME:n;``."""
    found = {}
    for setting in script.settings:
        if setting.name == "flags":
            for one in setting.values:
                name, colon, number = str(getattr(one, "name", "")).partition(":")
                if colon and number.isdigit():
                    found[name] = int(number)
    return found
