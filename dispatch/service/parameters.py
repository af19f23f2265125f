"""`python -m dispatch.service.parameters` prints docs/parameters.md, made from the fields of `DispatcherConfig`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

from dispatch.service.dispatcher_config import DispatcherConfig

_KINDS: Final = {int: "number", str: "text", Path: "file name"}
_HEAD: Final = """\
# Parameters of the module

What may stand under `[dispatcher]`: the parameters of Kamailio's *dispatcher* module, by its names and with its
defaults. This page is made from the code by `make reference`. Marked "5.6" is what the module has got since
version 4.4; all else is as old as that. Text that is empty is not set.

AVPs and variables (`..._avp`, `..._pvname`) are seen by routing scripts only, which are still to come; the built-in
route does not look at them, and where none is named nothing is done for them.

| parameter | | default | example | what it does |
|---|---|---|---|---|
"""


def text() -> str:
    """The whole page."""
    return _HEAD + "".join(_rows())


def _rows() -> Iterator[str]:
    config = DispatcherConfig()
    for one in fields(DispatcherConfig):
        default = getattr(config, one.name)
        kind = _KINDS[str if isinstance(default, str) else int if isinstance(default, int) else Path]
        example, effect = one.metadata["example"], one.metadata["effect"]
        shown = json.dumps(default if isinstance(default, int | str) else str(default))
        yield f"| `{one.name}` | {kind} | `{shown}` | `{one.name} = {example}` | {effect} |\n"


if __name__ == "__main__":
    print(text(), end="")
