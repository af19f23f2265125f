"""`dispatchctl`: the commands of a running service, typed by a person; made from their table.

Exit status: 0 done, 1 refused by the service, 2 wrong command line, 3 no service to be reached.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from OpenSSL.SSL import Error as TlsError
from service_identity import VerificationError
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.task import react
from twisted.python.failure import Failure

from dispatch import __version__
from dispatch.cli import completion, table, top
from dispatch.cli.arguments import add
from dispatch.cli.ending import until_cut_short
from dispatch.cli.following import Capture, CaptureFailed, Follower
from dispatch.control.client import connect
from dispatch.control.command import Command, Door
from dispatch.control.commands import TABLE
from dispatch.control.text import printable
from dispatch.errors import ConfigErrors, DispatchError
from dispatch.service import config_file, control_address, control_endpoint
from dispatch.service.control_address import ControlAddress

_SOCKET: Final = "unix:/run/dispatch/amp.sock"
_DONE, _REFUSED, _WRONG, _UNREACHABLE = range(4)
_ENDINGS: Final = "Exit status: 0 done, 1 refused by the service, 2 wrong command line, 3 no service to be reached."

Each = Callable[[Any], object]


class Unreachable(DispatchError):
    """There is no service at the socket, or none is named."""


def make_parser() -> argparse.ArgumentParser:
    """The command line: a subcommand for each row that people can call."""
    parser = argparse.ArgumentParser(prog="dispatchctl", description="Look at and steer a running service.")
    parser.epilog = _ENDINGS
    parser.add_argument("--version", action="version", version=f"dispatchctl {__version__}")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-s",
        "--socket",
        metavar="SOCKET",
        help=f"where the service listens: a path, or an endpoint as under [control] amp; {_SOCKET} by default",
    )
    where.add_argument("-c", "--config", type=Path, metavar="FILE", help="configuration that names the socket")
    parser.add_argument("--json", action="store_true", help="answer for programs, not for people")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for row in TABLE:
        if Door.CTL in row.names:
            _add(subparsers.add_parser(row.names[Door.CTL], help=row.help, description=row.help, epilog=_ENDINGS), row)
    for name, words, add_arguments, act in (
        ("top", "show what goes where right now, again and again", top.add_arguments, _top),
        ("completion", "print what lets bash or zsh complete command lines", completion.add_arguments, _completion),
    ):
        own = subparsers.add_parser(name, help=words, description=words, epilog=_ENDINGS)
        add_arguments(own)
        _add_json(own)
        own.set_defaults(act=act)
    return parser


def _add(parser: argparse.ArgumentParser, row: Command) -> None:
    for one in row.arguments:
        if row.is_live:
            name = f"--{one.name.replace('_', '-')}"
            parser.add_argument(name, metavar=one.name.upper(), type=one.kind, help=one.help)
        else:
            add(parser, one)
    if row.is_live:
        parser.add_argument("--pcap", metavar="FILE", type=_capture, help="write the messages as Wireshark reads them")
    _add_json(parser)
    parser.set_defaults(row=row, act=_follow if row.is_live else _call)


def _add_json(parser: argparse.ArgumentParser) -> None:
    """Also behind the command; SUPPRESS, or it would undo what stands before."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def _capture(name: str) -> Capture:
    try:
        return Capture(Path(name))
    except CaptureFailed as error:
        raise argparse.ArgumentTypeError(printable(str(error))) from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status; a wrong command line exits with 2."""
    options = make_parser().parse_args(arguments)
    return until_cut_short(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    try:
        options.act(options)
    except Unreachable as error:
        return _complain(error, _UNREACHABLE)
    except CaptureFailed as error:
        return _complain(error, _WRONG)
    except DispatchError as error:
        return _complain(error, _REFUSED)
    return _DONE


def _call(options: argparse.Namespace) -> None:
    row: Command = options.row
    answer = _fetch(_address(options), row, _values(options))
    for line in shown(row, answer, as_json=options.json, colour=_has_colour()):
        print(line)


def _follow(options: argparse.Namespace) -> None:
    row: Command = options.row
    follower = Follower(row, options.pcap, as_json=options.json)
    _visit(_address(options), lambda endpoint, reactor: converse(endpoint, row, _values(options), follower))


def _values(options: argparse.Namespace) -> dict[str, Any]:
    row: Command = options.row
    return {one.name: getattr(options, one.name) for one in row.arguments}


def _has_colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _top(options: argparse.Namespace) -> None:
    is_once = options.once or options.json or not top.can_redraw()

    def show(before: top.Snapshot, after: top.Snapshot) -> bool:
        if options.json:
            print(json.dumps(top.document(before, after), indent=1))
        elif is_once:
            for line in top.screen(before, after, lines=0, colour=_has_colour()):
                print(line)
        else:
            top.draw(before, after, colour=_has_colour())
        return not is_once

    if not is_once:
        top.begin()
    _visit(_address(options), lambda endpoint, reactor: top.watch(endpoint, reactor, options.interval, show))


def _completion(options: argparse.Namespace) -> None:
    if options.shell != completion.CANDIDATES:
        print(completion.SCRIPTS[options.shell], end="")
        return
    for one in completion.candidates(options.line, _ask):
        print(one)


def _ask(where: Sequence[str], name: str, values: dict[str, Any]) -> Sequence[Any]:
    """The records of a listing; none where they can't be had."""
    row = next(row for row in TABLE if row.names.get(Door.AMP) == name)
    try:
        options = make_parser().parse_args([*where, row.names[Door.CTL], *map(str, values.values())])
        return list(_fetch(_address(options), row, _values(options)))
    except (DispatchError, SystemExit):
        return ()


def _complain(error: DispatchError, status: int) -> int:
    for line in str(error).splitlines():
        print(f"dispatchctl: {printable(line)}", file=sys.stderr)
    return status


def shown(row: Command, answer: Any, *, as_json: bool = False, colour: bool = False) -> Iterable[str]:
    """An answer in lines: for programs one JSON document, else what the row has for people."""
    if as_json:
        return [json.dumps([asdict(one) for one in answer] if row.is_listing else asdict(answer), indent=1)]
    if not row.is_listing:
        return [printable(line) for line in row.sentence(answer).splitlines()]
    if not row.columns and answer:
        return [printable(line) for line in "\n\n".join(map(row.sentence, answer)).splitlines()]
    return table.lines(row.columns, answer, colour=colour) if answer else [row.nothing]


def _address(options: argparse.Namespace) -> ControlAddress:
    """Where to connect.

    Raises:
        Unreachable: the configuration does not say where.
    """
    if options.config is not None:
        return _configured(options.config)
    text = options.socket or _SOCKET
    if not text.startswith(("unix:", "tcp:", "ssl:")):
        address = ControlAddress(Path(text))
    else:
        try:
            address = control_address.parse(text)
        except ValueError as error:
            raise Unreachable(str(error)) from None
    if address.is_too_long:
        raise Unreachable(f"no unix socket has a path of more than {control_address.LONGEST_PATH} bytes: {address}")
    return address


def _configured(path: Path) -> ControlAddress:
    try:
        addresses = config_file.load(path).control.amp
    except ConfigErrors as error:
        raise Unreachable(str(error)) from None
    if not addresses:
        raise Unreachable(f'{path}: no socket to talk to; write under [control]: amp = "{_SOCKET}"')
    return addresses[0]


def _fetch(address: ControlAddress, row: Command, values: dict[str, Any], each: Each | None = None) -> Any:
    """The answer to a command, from the service at that address.

    Args:
        each: gets the records of a listing, as they come; None lets them come all at once.

    Raises:
        Unreachable: nobody is there, or not any more.
        DispatchError: the service refused.
        KeyboardInterrupt: so it was.
    """
    return _visit(address, lambda endpoint, reactor: converse(endpoint, row, values))


def _visit(address: ControlAddress, visit: Callable[[Any, Any], Deferred[Any]]) -> Any:
    """What comes of a visit, which gets the endpoint of the service and the reactor; raises as `_fetch` does."""
    outcome: list[Any] = []

    def begin(reactor: Any) -> Deferred[Any]:
        return visit(control_endpoint.client(address, reactor), reactor).addBoth(outcome.append)

    with suppress(SystemExit):
        react(begin)
    if not outcome:
        raise KeyboardInterrupt
    (answer,) = outcome
    if not isinstance(answer, Failure):
        return answer
    if answer.check(ConnectError):
        raise Unreachable(f"no service at {address}: {_reason(answer.value)}")
    if answer.check(ConnectionClosed):
        raise Unreachable(f"the service at {address} closed the connection")
    if answer.check(TlsError, VerificationError):
        raise Unreachable(f"no TLS with the service at {address}: {_tls_reason(answer.value)}")
    return answer.raiseException()


def _tls_reason(error: Any) -> str:
    """In words; each side has to know who signed the certificate of the other."""
    told = error.args[0] if error.args else ()
    reasons = [str(one[-1]) for one in told if isinstance(one, tuple) and one]
    return ", ".join(reasons) or "the certificates don't fit"


def _reason(error: Any) -> str:
    return os.strerror(error.osError) if error.osError else str(error)


@inlineCallbacks
def converse(
    endpoint: Any, row: Command, values: dict[str, Any], each: Each | None = None
) -> Generator[Deferred[Any], Any, Any]:
    """Connect, have one command done, and go."""
    client = yield connect(endpoint)
    try:
        if each is not None:
            answer = yield client.follow(row.names[Door.AMP], each, **values)
        else:
            answer = yield client.call(row.names[Door.AMP], **values)
    finally:
        client.close()
    return answer
