"""A native script: its text made into a route, and what is wrong with it by line."""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Collection
from types import ModuleType
from typing import Final, cast

from dispatch.errors import ConfigError
from dispatch.script.route import Script

NATIVE: Final = "native"
KEMI: Final = "kemi"
KAMAILIO: Final = "kamailio"
LANGUAGES: Final = (NATIVE, KEMI, KAMAILIO)

_KEMI: Final = re.compile(rb"(?m)^\s*(?:import|from) KSR\b|^def mod_init\b")
_KAMAILIO: Final = re.compile(
    rb"(?m)^#!(?:KAMAILIO|SER|OPENSER|ALL|MAXCOMPAT)\b|^\s*(?:request_)?route\s*\{|^\s*loadmodule\b"
)


class Runaway(Exception):
    """The script ran on and on, and was stopped."""


def language(source: bytes) -> str:
    """Which of `LANGUAGES` a script is written in."""
    if _KEMI.search(source) is not None:
        return KEMI
    return KAMAILIO if _KAMAILIO.search(source) is not None else NATIVE


def load(source: bytes, path: str) -> Script:
    """The ``route`` of a native script.

    Raises:
        ConfigError: the script can't be run, or has none.
    """
    module = ModuleType("route")
    module.__file__ = path
    try:
        code = compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise ConfigError(path, error.lineno or 0, f"not Python: {error.msg}") from None
    except ValueError as error:
        raise ConfigError(path, 0, f"not Python: {error}") from None
    try:
        exec(code, module.__dict__)
    except Exception as error:
        found = blame(error, (path,))
        raise ConfigError(path, found.line, f"the script fails when it is loaded: {found.remedy}") from None
    route = module.__dict__.get("route")
    if callable(route):
        return cast(Script, route)
    names = [name for name, value in module.__dict__.items() if callable(value) and not name.startswith("_")]
    meant = difflib.get_close_matches("route", names, 1)
    hint = f"; did you mean {meant[0]!r}?" if meant else ""
    raise ConfigError(path, 0, f"there is no 'def route(request):' in it{hint}")


def blame(error: BaseException, files: Collection[str]) -> ConfigError:
    """An error with the innermost line of a script that had a part in it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    problem = f"{type(error).__name__}: {error}"
    if not frames:
        return ConfigError(next(iter(files), "the script"), 0, problem)
    return ConfigError(frames[-1].filename, frames[-1].lineno or 0, problem)
