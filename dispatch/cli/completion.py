"""`dispatchctl completion`: what the Tab key offers, in bash and zsh.

The scripts know nothing but how their shell asks; they hand the line to `dispatchctl completion candidates`.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from dispatch.control.command import Command, Door
from dispatch.control.commands import TABLE

BASH: Final = """\
# bash completion for dispatchctl:  source <(dispatchctl completion bash)
_dispatchctl() {
    local line=${COMP_LINE:0:COMP_POINT} one before
    # What stands before the last colon of a word is no part of what bash completes.
    before=${line##*[[:space:]]}
    before=${before%"${before##*:}"}
    [[ $COMP_WORDBREAKS == *:* ]] || before=
    COMPREPLY=()
    while IFS= read -r one; do
        printf -v one %q "$one"
        COMPREPLY+=("${one#"$before"}")
    done < <("$1" completion candidates "$line" 2>/dev/null)
}
complete -o bashdefault -o default -F _dispatchctl dispatchctl
"""
ZSH: Final = """\
#compdef dispatchctl
# zsh completion for dispatchctl: a file _dispatchctl in a folder of fpath, or  source <(dispatchctl completion zsh)
_dispatchctl() {
    local -a found
    found=("${(@f)$("${words[1]}" completion candidates "${(j: :)words[1,CURRENT-1]} $PREFIX" 2>/dev/null)}")
    if [[ -n $found ]]; then
        compadd -- $found
    else
        _files
    fi
}
if [[ $funcstack[1] == _dispatchctl ]]; then
    _dispatchctl "$@"
else
    compdef _dispatchctl dispatchctl
fi
"""
SCRIPTS: Final = {"bash": BASH, "zsh": ZSH}
CANDIDATES: Final = "candidates"

_STATES: Final = ("a", "ap", "i", "ip", "d", "t", "tp")
_WITH_VALUE: Final = ("-s", "--socket", "-c", "--config")
_OPTIONS: Final = (*_WITH_VALUE, "--json", "--help", "--version")
_OWN: Final = {"top": ("--interval", "--once"), "completion": tuple(SCRIPTS)}

Ask = Callable[[Sequence[str], str, dict[str, Any]], Sequence[Any]]
"""Called with the options of the line, the name of a listing and its arguments; gives its records, none on failure."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What may be typed behind it."""
    parser.add_argument("shell", choices=(*SCRIPTS, CANDIDATES), metavar="SHELL", help="bash or zsh")
    parser.add_argument("line", nargs="?", default="", help=argparse.SUPPRESS)


def candidates(line: str, ask: Ask) -> Iterator[str]:
    """What the last word of a line can become.

    Args:
        line: from its first word to where the cursor stands.
        ask: the running service, where there is one.
    """
    words, last = _split(line)
    options, rest = _sorted_out(words[1:])
    if words and words[-1] in _WITH_VALUE:
        return iter(())  # a path
    if last.startswith("-"):
        return _beginning(last, (*_OPTIONS, *_OWN.get(rest[0] if rest else "", ())))
    if not rest:
        return _beginning(last, [*(row.names[Door.CTL] for row in TABLE if Door.CTL in row.names), *_OWN])
    row = next((row for row in TABLE if row.names.get(Door.CTL) == rest[0]), None)
    if row is None:
        return _beginning(last, _OWN[rest[0]] if rest[0] == "completion" and len(rest) == 1 else ())
    return _beginning(last, _values(row, rest[1:], lambda name, given: ask(options, name, given)))


def _split(line: str) -> tuple[list[str], str]:
    """The words before the last, and the last, which may be empty; a quote that is open ends nowhere."""
    for closing in ("", '"', "'"):
        try:
            words = shlex.split(line + closing)
        except ValueError:
            continue
        is_begun = bool(words) and (closing or not line[-1:].isspace())
        return (words[:-1], words[-1]) if is_begun else (words, "")
    return [], ""


def _sorted_out(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options that say where the service is, and the command with its arguments."""
    options: list[str] = []
    rest: list[str] = []
    left = iter(words)
    for word in left:
        if word in _WITH_VALUE:
            options += [word, next(left, "")]
        elif not word.startswith("-"):
            rest.append(word)
    return options, rest


def _values(row: Command, given: Sequence[str], ask: Callable[[str, dict[str, Any]], Sequence[Any]]) -> Iterable[str]:
    """What the next argument of a command can be."""
    if len(given) >= len(row.arguments):
        return ()
    name = row.arguments[len(given)].name
    if name == "set":
        return sorted({str(one.set) for one in ask("health", {})}, key=int)
    if name == "uri":
        return [one.uri for one in ask("list", {"set": given[0]})]
    if name == "duid":
        return [one.duid for one in ask("show", {"set": given[0]}) if one.duid]
    if name == "state" and row.names.get(Door.CTL, "").startswith("set-"):
        return _STATES
    if name == "variable":
        return [one.name for one in ask("cfg", {})]
    return ()


def _beginning(last: str, words: Iterable[str]) -> Iterator[str]:
    return (word for word in words if word.startswith(last) and word.isprintable())
