"""`dispatchctl`: the commands of a running service, typed by a person; made from their table.

Exit status: 0 done, 1 refused by the service, 2 wrong command line, 3 no service to be reached.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Generator, Iterable, Sequence
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
from dispatch.cli import table
from dispatch.cli.arguments import add
from dispatch.cli.ending import until_cut_short
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
    return parser


def _add(parser: argparse.ArgumentParser, row: Command) -> None:
    for one in row.arguments:
        add(parser, one)
    # Also behind the command; SUPPRESS, or it would undo what stands before.
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(row=row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status; a wrong command line exits with 2."""
    options = make_parser().parse_args(arguments)
    return until_cut_short(lambda: _run(options))


def _run(options: argparse.Namespace) -> int:
    row: Command = options.row
    try:
        answer = _fetch(_address(options), row, {one.name: getattr(options, one.name) for one in row.arguments})
    except Unreachable as error:
        return _complain(error, _UNREACHABLE)
    except DispatchError as error:
        return _complain(error, _REFUSED)
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for line in shown(row, answer, as_json=options.json, colour=colour):
        print(line)
    return _DONE


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


def _fetch(address: ControlAddress, row: Command, values: dict[str, Any]) -> Any:
    """The answer to a command, from the service at that address.

    Raises:
        Unreachable: nobody is there, or not any more.
        DispatchError: the service refused.
        KeyboardInterrupt: so it was.
    """
    outcome: list[Any] = []

    def begin(reactor: Any) -> Deferred[Any]:
        return converse(control_endpoint.client(address, reactor), row, values).addBoth(outcome.append)

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
def converse(endpoint: Any, row: Command, values: dict[str, Any]) -> Generator[Deferred[Any], Any, Any]:
    """Connect, have one command done, and go."""
    client = yield connect(endpoint)
    try:
        answer = yield client.call(row.names[Door.AMP], **values)
    finally:
        client.close()
    return answer
