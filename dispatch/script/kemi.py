"""KEMI: a script in Python as the original's `app_python3` runs it, over the same functions as a `kamailio.cfg` has.

A script does ``import KSR``; what it calls there works on the act that runs. Methods of the object that its
``mod_init()`` gives are the routes.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from dispatch.script import act_variables
from dispatch.script.act import Act, Block
from dispatch.script.act_variables import ActVariable
from dispatch.script.functions import FUNCTIONS, core, kex, textops, xlog
from dispatch.script.functions.function import Function, Kind
from dispatch.script.kamailio import posix, runtime
from dispatch.script.stage import Routes, Stage
from dispatch.script.values import Value, integer, text

_RENAMED: Final[Mapping[tuple[str, str], str]] = {
    ("dispatcher", "ds_mark_dst_state"): "ds_mark_dst",
    ("dispatcher", "ds_is_from_lists"): "ds_is_from_list",
    ("dispatcher", "ds_is_from_list_mode"): "ds_is_from_list",
    ("dispatcher", "ds_is_from_list_uri"): "ds_is_from_list",
    ("dispatcher", "ds_select_dst_limit"): "ds_select_dst",
    ("dispatcher", "ds_select_domain_limit"): "ds_select_domain",
    ("dispatcher", "ds_select_limit"): "ds_select",
    ("dispatcher", "ds_select_routes_limit"): "ds_select_routes",
    ("dispatcher", "ds_is_active_uri"): "ds_is_active",
    ("rr", "record_route_params"): "record_route",
    ("corex", "append_branch_uri"): "append_branch",
}
"""What a cfg function with fewer or more arguments is called in KEMI."""
_ROUTES: Final = (Block.FAILURE, Block.BRANCH, Block.REPLY, Block.BRANCH_FAILURE)
_LETTERS: Final = {
    "I": b"INVITE",
    "A": b"ACK",
    "B": b"BYE",
    "C": b"CANCEL",
    "M": b"MESSAGE",
    "O": b"OPTIONS",
    "R": b"REGISTER",
    "S": b"SUBSCRIBE",
    "N": b"NOTIFY",
    "P": b"PUBLISH",
    "U": b"UPDATE",
    "F": b"REFER",
    "G": b"INFO",
    "K": b"PRACK",
}


class Ksr(ModuleType):
    """The module `KSR`.

    Attributes:
        stage: where the script runs; set when it begins.
    """

    stage: Stage

    def __init__(self) -> None:
        super().__init__("KSR")
        self._parts: dict[str, Part] = {}
        self.pv = Pv(self)
        self.hdr = Hdr(self)

    @property
    def act(self) -> Act:
        """What runs.

        Raises:
            RuntimeError: nothing does.
        """
        act = self.stage.current
        if act is None:
            raise RuntimeError("KSR is used where no message is worked on")
        return act

    def __getattr__(self, name: str) -> Any:
        if name.startswith("is_") and name[3:].isupper():
            return self._about(name[3:])
        if name in _CORE:
            return _CORE[name](self)
        modules = {one.module for one in FUNCTIONS.values()} - {"core"}
        if name not in modules:
            near = difflib.get_close_matches(name, (*modules, *_CORE, "pv", "hdr"), 1)
            raise AttributeError(f"there is no KSR.{name}" + (f"; did you mean KSR.{near[0]}?" if near else ""))
        return self._parts.setdefault(name, Part(self, name))

    def _about(self, what: str) -> Callable[[], bool]:
        if what in ("UDP", "TCP", "TLS", "WS", "WSS"):
            return lambda: self.act.protocol == what.lower().encode()
        return lambda: self.act.method == what.encode()


class Part:
    """The functions of a module: ``KSR.tm``."""

    def __init__(self, ksr: Ksr, module: str) -> None:
        self._ksr = ksr
        self._module = module

    def __getattr__(self, name: str) -> Callable[..., int]:
        function = FUNCTIONS.get(_RENAMED.get((self._module, name), name))
        if function is None or function.module != self._module:
            names = [one.name for one in FUNCTIONS.values() if one.module == self._module]
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise AttributeError(f"there is no KSR.{self._module}.{name}{hint}")
        made = self._made(function)
        setattr(self, name, made)  # found at once from now on
        return made

    def _made(self, function: Function) -> Callable[..., int]:
        ksr, kinds, call = self._ksr, function.parameters, function.call
        least = len(kinds) - function.optional

        def run(*arguments: int | str) -> int:
            if not least <= len(arguments) <= len(kinds):
                raise TypeError(f"{function.name}() takes {least} to {len(kinds)} arguments, not {len(arguments)}")
            act = ksr.act
            act.code = call(act, *[_argument(function, kind, one) for kind, one in zip(kinds, arguments, strict=False)])
            return act.code

        if function.module == "xlog":
            return lambda written: call(ksr.act, runtime.format(written)(ksr.act))
        return run


def _argument(function: Function, kind: Kind, value: int | str) -> object:
    if kind in (Kind.INTEGER, Kind.FLAG):
        if not isinstance(value, int):
            raise TypeError(f"{function.name}(): a number is expected, not {value!r}")
        return value
    if isinstance(value, int):
        return value if kind is Kind.NUMBER else b"%d" % value
    if not isinstance(value, str):
        raise TypeError(f"{function.name}(): a string is expected, not {value!r}")
    encoded = value.encode("utf-8", "surrogateescape")
    if kind is Kind.REGEX:
        return posix.compile(encoded)
    return value if kind is Kind.ROUTE else encoded


@lru_cache(maxsize=1024)
def _variable(name: str) -> ActVariable | None:
    try:
        return runtime.variable(name)
    except ValueError:
        return None


def _out(value: Value) -> int | str | None:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _instead(found: int | str | None, default: int | str) -> int | str:
    return default if found is None else found


class Pv:
    """``KSR.pv``: variables."""

    def __init__(self, ksr: Ksr) -> None:
        self._ksr = ksr

    def _read(self, name: str) -> Value:
        variable = _variable(name)
        if variable is None:
            self._ksr.stage.write(xlog.ERROR, f"there is no variable {name}")
            return None
        return variable.read(self._ksr.act)

    def _write(self, name: str, value: Value) -> bool:
        variable = _variable(name)
        if variable is None or variable.write is None:
            self._ksr.stage.write(xlog.ERROR, f"{name} can't be written")
            return False
        variable.write(self._ksr.act, value)
        return True

    def get(self, name: str) -> int | str | None:
        """Its value; None where it is null."""
        return _out(self._read(name))

    def gete(self, name: str) -> int | str:
        """Its value; empty where it is null."""
        return _instead(self.get(name), "")

    def getw(self, name: str) -> int | str:
        """Its value; ``<null>`` where it is null."""
        return _instead(self.get(name), "<null>")

    def geti(self, name: str) -> int:
        """Its value as a number."""
        return integer(self._read(name))

    def getvn(self, name: str, default: int) -> int | str:
        """Its value; a number where it is null."""
        return _instead(self.get(name), default)

    def getvs(self, name: str, default: str) -> int | str:
        """Its value; a string where it is null."""
        return _instead(self.get(name), default)

    def sets(self, name: str, value: str) -> bool:
        """Write a string."""
        return self._write(name, value.encode("utf-8", "surrogateescape"))

    def seti(self, name: str, value: int) -> bool:
        """Write a number."""
        return self._write(name, value)

    def unset(self, name: str) -> bool:
        """Make it null."""
        return self._write(name, None)

    def is_null(self, name: str) -> bool:
        """Whether it is null."""
        return self._read(name) is None


class Hdr:
    """``KSR.hdr``: headers."""

    def __init__(self, ksr: Ksr) -> None:
        self._ksr = ksr

    def get(self, name: str) -> int | str | None:
        """The first header of that name."""
        return _out(act_variables.find("hdr", name, None).read(self._ksr.act))

    def gete(self, name: str) -> int | str:
        """As `get`; empty where there is none."""
        return _instead(self.get(name), "")

    def getw(self, name: str) -> int | str:
        """As `get`; ``<null>`` where there is none."""
        return _instead(self.get(name), "<null>")

    def get_idx(self, name: str, index: int) -> int | str | None:
        """One of several."""
        return _out(act_variables.find("hdr", name, str(index)).read(self._ksr.act))

    def append(self, lines: str) -> int:
        """Behind the last header."""
        return textops.append_hf(self._ksr.act, lines.encode())

    def append_after(self, lines: str, name: str) -> int:
        """Behind the first of that name."""
        return textops.append_hf(self._ksr.act, lines.encode(), name.encode())

    def insert(self, lines: str) -> int:
        """Before the first header."""
        return textops.insert_hf(self._ksr.act, lines.encode())

    def insert_before(self, lines: str, name: str) -> int:
        """Before the first of that name."""
        return textops.insert_hf(self._ksr.act, lines.encode(), name.encode())

    def remove(self, name: str) -> int:
        """All of that name."""
        return textops.remove_hf(self._ksr.act, name.encode())

    def rmappend(self, lines: str) -> int:
        """In place of all of that name, at the end."""
        self.remove(lines.partition(":")[0])
        return self.append(lines)

    def rminsert(self, lines: str) -> int:
        """In place of all of that name, in front."""
        self.remove(lines.partition(":")[0])
        return self.insert(lines)

    def is_present(self, name: str) -> int:
        """1 or -1."""
        return textops.is_present_hf(self._ksr.act, name.encode())

    def append_to_reply(self, lines: str) -> int:
        """In replies that we make."""
        return textops.append_to_reply(self._ksr.act, lines.encode())


def _log(level: int) -> Callable[[Ksr], Callable[[str], None]]:
    def make(ksr: Ksr) -> Callable[[str], None]:
        def write(line: str) -> None:
            if level <= ksr.stage.level:
                ksr.stage.write(level, line.rstrip("\r\n"))

        return write

    return make


def _log_by_name(ksr: Ksr) -> Callable[[str, str], None]:
    return lambda level, line: _log(xlog.level_of(level.encode()))(ksr)(line)


def _drop(ksr: Ksr) -> Callable[[], None]:
    def set_drop() -> None:
        ksr.act.is_dropped = True

    return set_drop


def _mine(of: Callable[[Act], bytes]) -> Callable[[Ksr], Callable[[], bool]]:
    return lambda ksr: lambda: ksr.act.is_myself(of(ksr.act))


def _yes(name: str) -> Callable[[Ksr], Callable[..., bool]]:
    """A function of the table that says yes or no here."""
    function = FUNCTIONS[name]

    def make(ksr: Ksr) -> Callable[..., bool]:
        def run(*arguments: int | str) -> bool:
            given = [_argument(function, *one) for one in zip(function.parameters, arguments, strict=False)]
            return function.call(ksr.act, *given) > 0

        return run

    return make


def _source_uri(act: Act) -> bytes:
    return text(act_variables.PLAIN["su"].read(act))


_CORE: Final[Mapping[str, Callable[[Ksr], Callable[..., object]]]] = {
    "dbg": _log(3),
    "info": _log(2),
    "notice": _log(1),
    "warn": _log(0),
    "err": _log(-1),
    "crit": _log(-2),
    "log": _log_by_name,
    "set_drop": _drop,
    "is_method_in": lambda ksr: lambda letters: ksr.act.method in [_LETTERS.get(one) for one in letters],
    "is_method": _yes("is_method"),
    "is_IPv4": lambda ksr: lambda: ":" not in ksr.act.source[0],
    "is_IPv6": lambda ksr: lambda: ":" in ksr.act.source[0],
    "is_src_port": lambda ksr: lambda port: ksr.act.source[1] == port,
    "is_dst_port": lambda ksr: lambda port: ksr.act.received_at[1] == port,
    "is_myself": _yes("is_myself"),
    "is_myself_ruri": _mine(lambda act: act.uri),
    "is_myself_duri": _mine(lambda act: act.destination_uri or b""),
    "is_myself_nhuri": _mine(lambda act: act.destination_uri or act.uri),
    "is_myself_furi": _mine(lambda act: act.message.reader.from_uri),
    "is_myself_turi": _mine(lambda act: act.message.reader.to_uri),
    "is_myself_suri": _mine(_source_uri),
    "is_myself_srcip": lambda ksr: lambda: runtime.is_own_address(ksr.act, ksr.act.source[0]),
    **{name: _yes(name) for name in ("setflag", "resetflag", "isflagset", "setbflag", "resetbflag", "isbflagset")},
    **{name: _yes(name) for name in ("setsflag", "issflagset", "seturi", "setuser", "sethost", "setdsturi")},
    **{name: _yes(name) for name in ("resetdsturi", "isdsturiset", "force_rport", "add_local_rport", "forward")},
    "forward_uri": lambda ksr: lambda uri: kex.setdsturi(ksr.act, uri.encode()) and core.FUNCTIONS[0].call(ksr.act),
    "get_debug": lambda ksr: lambda: ksr.stage.level,
}


def load(path: Path, event_callback: str = "") -> tuple[Routes, Ksr]:
    """The routes of a script; its `KSR` wants to be told its stage.

    Args:
        path: of the script.
        event_callback: method that hears of events of the dispatcher (its parameter of that name).

    Raises:
        OSError: it can't be read.
        Exception: whatever it raises while it is loaded.
    """
    ksr = Ksr()
    sys.modules["KSR"] = ksr
    module: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
    exec(compile(path.read_bytes(), str(path), "exec"), module)
    made = module["mod_init"]()
    if hasattr(made, "child_init"):
        made.child_init(1)
    named: dict[tuple[Block, str], Callable[[Act], object]] = {}
    for name in dir(made):
        if not name.startswith("_") and callable(getattr(made, name)):
            named |= {(block, name): _method(made, name) for block in _ROUTES}
    if event_callback:
        for event in ("dispatcher:dst-down", "dispatcher:dst-up"):
            named[Block.EVENT, event] = _event(made, event_callback, event)
    any_reply = _method(made, "ksr_reply_route") if hasattr(made, "ksr_reply_route") else None
    return Routes(_method(made, "ksr_request_route"), any_reply, None, named, (str(path),)), ksr


def _method(made: Any, name: str) -> Callable[[Act], object]:
    call = getattr(made, name)
    return lambda act: call(act.message)


def _event(made: Any, name: str, event: str) -> Callable[[Act], object]:
    call = getattr(made, name)
    return lambda act: call(act.message, event)
