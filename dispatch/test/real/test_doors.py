"""The doors of control, by clients that no one here wrote: jsonrpclib, a shell, Twisted's AMP, OpenSSH."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Final

import jsonrpclib  # type: ignore[import-untyped]  # it has no types

from dispatch.test.real import ports, service
from dispatch.test.real.case import RealCase
from dispatch.test.real.certificates import Authority, Files
from dispatch.test.real.control import COMMAND, Answer
from dispatch.test.real.process import Process

A, B = "sip:127.0.0.1:5071", "sip:127.0.0.1:5072"
TOKENS: Final = {"ops": "full-0123456789abcdef", "look": "read-0123456789abcdef"}

# Nothing of ours: what docs/control.md says about the boxes, in Twisted's own words.
AMP_CLIENT: Final = """
import sys
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import clientFromString, connectProtocol
from twisted.internet.task import react
from twisted.protocols import amp

class NotAllowed(Exception):
    pass

class SetState(amp.Command):
    errors = {NotAllowed: b"NOT_ALLOWED"}
    commandName = b"set_state"
    arguments = [(b"set", amp.Integer()), (b"uri", amp.Unicode()), (b"state", amp.Unicode())]
    response = [(b"set", amp.Integer()), (b"before", amp.Unicode()), (b"after", amp.Unicode())]

class List(amp.Command):
    commandName = b"list"
    arguments = [(b"set", amp.Integer(optional=True))]
    response = [(b"rows", amp.AmpList([(b"uri", amp.Unicode()), (b"state", amp.Unicode())]))]

@inlineCallbacks
def main(reactor, endpoint):
    client = yield connectProtocol(clientFromString(reactor, endpoint), amp.AMP())
    answer = yield client.callRemote(List, set=1)
    print(*(f"{one['uri']} {one['state']}" for one in answer["rows"]))
    try:
        answer = yield client.callRemote(SetState, set=1, uri="sip:127.0.0.1:5071", state="ip")
        print(answer["before"], answer["after"])
    except NotAllowed:
        print("NOT_ALLOWED")

react(main, sys.argv[1:])
"""


class DoorCase(RealCase):
    ours_only = True
    programs: ClassVar[tuple[str, ...]] = ()

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="doors.")  # paths of sockets are short
        self.addCleanup(folder.cleanup)
        self.short = Path(folder.name)

    def serve(self, *control: str) -> Process:
        """The service with these lines of ``[control]`` and below."""
        plan = service.Plan((self.address(),), (A, B))
        self.config = service.write(self.folder, plan)
        self.config.write_text("\n".join((self.config.read_text(), "[control]", *control, "")))
        process = self.keep(service.launch("service", self.folder, self.config, plan.sockets))
        process.wait_logged("listening on")
        return process

    def states(self, process: Process) -> list[str]:
        """What was logged as a change."""
        return re.findall(r"calling#info\] (.*)", process.log())


def run(*command: str, text: str = "") -> Answer:
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)


class JsonTests(DoorCase):
    def setUp(self) -> None:
        super().setUp()
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}/"

    def client(self, token: str = "") -> Any:
        return jsonrpclib.ServerProxy(self.url, headers={"Authorization": f"Bearer {token}"} if token else {})

    def test_calls(self) -> None:
        """Calls, a fault, a batch and a notification of a client made elsewhere do what they say."""
        process = self.serve(f'jsonrpc = "tcp:{self.port}:interface=127.0.0.1"')
        client = self.client()
        self.assertEqual(client.dispatcher.set_state("ip", 1, A), "Ok. Dispatcher state updated.")
        (record,) = client.dispatcher.list()["RECORDS"]
        found = {one["DEST"]["URI"]: one["DEST"]["FLAGS"] for one in record["SET"]["TARGETS"]}
        self.assertEqual(found, {A: "IP", B: "AX"})
        refused = self.assertRaises(jsonrpclib.ProtocolError, client.dispatcher.set_state, "zz", 1, A)
        self.assertEqual(refused.args[0][:2], (500, "Unknown State Value"))
        refused = self.assertRaises(jsonrpclib.ProtocolError, getattr(client, "no.method"))
        self.assertEqual(refused.args[0][0], -32601)
        batch = jsonrpclib.MultiCall(client)
        batch.dispatcher.set_state("d", 1, A)
        batch.core.echo("a", "b")
        self.assertEqual(list(batch()), ["Ok. Dispatcher state updated.", ["a", "b"]])
        self.assertIsNone(client._notify.dispatcher.set_state("a", 1, A))
        self.assertEqual(len(self.states(process)), 3)
        self.assertRegex(self.states(process)[0], r"by 127.0.0.1:\d+ over jsonrpc: set 1 .*: AX -> IP")

    def test_tokens(self) -> None:
        """Where tokens are given out, one must be shown, and gives its right and no more."""
        access = [line for name, token in TOKENS.items() for line in (f"[control.access.{name}]", f'token = "{token}"')]
        access.insert(1, 'right = "full"')
        process = self.serve(f'jsonrpc = "tcp:{self.port}:interface=127.0.0.1"', *access)
        for wrong in ("", "nothing-of-the-kind", TOKENS["look"][:-1]):
            refused = self.assertRaises(jsonrpclib.TransportError, self.client(wrong).core.version)
            self.assertIn("401", str(refused))
        look, ops = self.client(TOKENS["look"]), self.client(TOKENS["ops"])
        self.assertIn("dispatch", look.core.version())
        refused = self.assertRaises(jsonrpclib.ProtocolError, look.dispatcher.set_state, "d", 1, A)
        self.assertEqual(refused.args[0][0], 403)
        self.assertEqual(look.dispatcher.ping_active(), {"OldPingState": 1})
        ops.dispatcher.set_state("d", 1, A)
        (change,) = self.states(process)
        self.assertRegex(change, r"dispatcher.set_state by ops at 127.0.0.1:\d+ over jsonrpc: set 1 .*: AX -> DX")


class ShellTests(DoorCase):
    def test_mi(self) -> None:
        """A shell with mkfifo, printf and cat is a client of MI."""
        process = self.serve(f'mi_fifo = "{self.short}/fifo"', f'fifo_reply_dir = "{self.short}"')
        asked = (f"ds_set_state:reply\nip\n1\n{A}", "ds_list:reply", "nothing:reply", "ds_set_state:reply\nip")
        script = (
            f"set -e; cd {self.short}; mkfifo reply\nask() {{ cat reply & printf ':%s\\n\\n' \"$1\" > fifo; wait; }}\n"
        ) + "".join(f"ask '{one}'\n" for one in asked)
        answer = run("sh", "-c", script)
        self.assertEqual((answer.status, answer.err), (0, ""))
        self.assertEqual(
            answer.out,
            "200 OK\n\n200 OK\nSET_NO:: 1\nSET:: 1\n"
            f"\tURI:: {A} flags=IP priority=2 attrs=\n\tURI:: {B} flags=AX priority=1 attrs=\n\n"
            "500 command 'nothing' not available\n400 Too few or too many arguments\n",
        )
        (change,) = self.states(process)
        self.assertIn(f"ds_set_state by FIFO reply over mi: set 1 {A}: AX -> IP", change)
        process.stop()
        self.assertEqual(os.listdir(self.short), ["reply"])


class DatagramTests(DoorCase):
    def test_who_it_was(self) -> None:
        """Whoever sends a unix datagram is named by uid and process; the sockets go with the service."""
        process = self.serve(
            f'mi_datagram = "unixd:{self.short}/mi"',
            f'jsonrpc = "unixd:{self.short}/rpc"',
            f'binrpc = "unixd:{self.short}/ctl"',
        )
        self.assertEqual(sorted(os.listdir(self.short)), ["ctl", "mi", "rpc"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.settimeout(20)
            client.bind(str(self.short / "client"))
            client.sendto(f":ds_set_state:\nip\n1\n{A}\n".encode(), str(self.short / "mi"))
            self.assertEqual(client.recv(65536), b"200 OK\n")
            client.sendto(
                b'{"jsonrpc": "2.0", "method": "core.echo", "params": ["x"], "id": 1}', str(self.short / "rpc")
            )
            self.assertIn(b'"result"', client.recv(65536))
        (change,) = self.states(process)
        self.assertTrue(change.startswith(f"ds_set_state by uid {os.getuid()}, pid {os.getpid()} over mi: "), change)
        process.stop()
        self.assertEqual(os.listdir(self.short), ["client"])


class FloodTests(DoorCase):
    EACH: ClassVar[int] = 200
    WORDS: ClassVar[tuple[bytes, ...]] = (
        *(b"", b"\xff" * 100, b"\0\x08_comm", b"\xa1\x03\xff", b"POST / HTTP/1.1\r\nContent-Le", b"SSH-2.0-x\r\n\0"),
        b"\0\x08_command\0\x04list\0\x04_ask\0\x011\0\0",  # and gone before the answer
        b"\xa1\x03\x12\0\0\0\1\x91\x10dispatcher.list\0",
    )

    def test_many(self) -> None:
        """Hundreds that connect, say half of something and stay: others go on; when they are gone all is as before."""
        http, ssh = ports.free(), ports.free()
        (self.folder / "passwords").write_text("bob:secret\n")
        process = self.serve(
            *(f'amp = "unix:{self.short}/amp"', f'binrpc = "unix:{self.short}/ctl"', f'mi_fifo = "{self.short}/fifo"'),
            *(f'jsonrpc = ["tcp:{http}:interface=127.0.0.1", "unixd:{self.short}/rpc"]', "[control.manhole]"),
            *(f'endpoint = "tcp:{ssh}:interface=127.0.0.1"', 'host_key = "host"', 'passwords = "passwords"'),
        )
        service.write_list(self.folder, tuple(f"sip:127.1.{one >> 8}.{one & 255}" for one in range(2000)))
        doors: list[Any] = [f"{self.short}/amp", f"{self.short}/ctl", ("127.0.0.1", http), ("127.0.0.1", ssh)]
        first = self.connected(doors[0])
        first.sendall(_box(b"reload"))
        self.assertIn(b"_answer", first.recv(65536))
        kept = [self.said(doors[number % 4], number) for number in range(4 * self.EACH)]
        first.sendall(_box(b"version"))
        self.assertIn(b"dispatch", first.recv(65536))
        for one in kept:
            if one is not None:
                one.close()
        process.wait_for("a place at each door", lambda: all(map(self.is_open, doors)))
        self.assertEqual(run(*COMMAND, "-c", str(self.config), "doors").status, 0)
        self.assertNotIn("Traceback", process.log())

    def connected(self, door: Any) -> socket.socket:
        made = socket.socket(socket.AF_UNIX if isinstance(door, str) else socket.AF_INET)
        self.addCleanup(made.close)
        made.settimeout(20)
        made.connect(door)
        return made

    def said(self, door: Any, number: int) -> socket.socket | None:
        # There may be no place in the kernel's queue, or none with the service.
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            made = self.connected(door)
            made.sendall(self.WORDS[number // 4 % len(self.WORDS)])
            return made
        return None

    def is_open(self, door: Any) -> bool:
        """Whether it does not end the connection at once."""
        made = self.connected(door)
        made.settimeout(0.2)
        try:
            return made.recv(1) != b""
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False
        finally:
            made.close()


def _box(command: bytes) -> bytes:
    return b"\0\x08_command\0%c%b\0\x04_ask\0\x011\0\0" % (len(command), command)


class AmpTests(DoorCase):
    def test_unix(self) -> None:
        """Twisted's own client, on what the documentation says, reads and steers."""
        self.serve(f'amp = "unix:{self.short}/amp"')
        answer = run(sys.executable, "-c", AMP_CLIENT, f"unix:{self.short}/amp")
        self.assertEqual(answer, (0, f"{A} AX {B} AX\nAX IP\n", ""))

    def test_tls(self) -> None:
        """Over TLS who shows no certificate of ours is kept out; others do what their name may, and it is logged."""
        authority, port = Authority(self.folder / "pki"), ports.free()
        own, ops, look = (authority.vouch(name) for name in ("service", "ops", "look"))
        stranger = Authority(self.folder / "elsewhere", "elsewhere").vouch("ops")
        at = f"ssl:{port}:interface=127.0.0.1"
        files = f"certificate={own.certificate}:key={own.key}:ca={authority.certificate}"
        process = self.serve(
            *(f'amp = "{at}:{files}"', "[control.access.boss]", 'certificate = "ops"', 'right = "full"'),
            *("[control.access.eyes]", 'certificate = "look"'),
        )

        def ask(files: Files) -> Answer:
            mine = f"certificate={files.certificate}:privateKey={files.key}:trustRoots={self.trusted(authority)}"
            return run(sys.executable, "-c", AMP_CLIENT, f"tls:127.0.0.1:{port}:{mine}")

        self.assertEqual(ask(stranger).out, "")
        self.assertEqual(ask(look), (0, f"{A} AX {B} AX\nNOT_ALLOWED\n", ""))
        self.assertEqual(ask(ops), (0, f"{A} AX {B} AX\nAX IP\n", ""))
        (change,) = self.states(process)
        self.assertRegex(change, r"set_state by boss at 127.0.0.1:\d+ over amp: set 1 .*: AX -> IP")
        shown = f"certificate={look.certificate}:key={look.key}:ca={authority.certificate}"
        status, out, _ = run(*COMMAND, "--socket", f"{at}:{shown}", "list")
        self.assertEqual((status, len(out.splitlines())), (0, 3))
        self.assertEqual(run(*COMMAND, "--socket", f"{at}:{shown}", "set-state", "1", A, "a").status, 1)
        shown = f"certificate={stranger.certificate}:key={stranger.key}:ca={authority.certificate}"
        status, out, err = run(*COMMAND, "--socket", f"{at}:{shown}", "list")
        self.assertEqual((status, out, len(err.splitlines())), (3, "", 1))
        self.assertIn("no TLS with the service", err)
        self.assertNotIn("Traceback", process.log())

    def trusted(self, authority: Authority) -> Path:
        """A folder with nothing but the certificate of the authority."""
        folder = self.folder / "trusted"
        folder.mkdir(exist_ok=True)
        (folder / "authority.pem").write_bytes(authority.certificate.read_bytes())
        return folder


class ManholeTests(DoorCase):
    programs: ClassVar[tuple[str, ...]] = ("ssh", "ssh-keygen")

    def key(self, name: str) -> Path:
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=20)
        return path

    def test_ssh(self) -> None:
        """OpenSSH's client is let in by its key: commands are done, an exception is told, and the service lives on."""
        mine, other, port = self.key("mine"), self.key("other"), ports.free()
        keys = self.folder / "authorized_keys"
        keys.write_text(mine.with_suffix(".pub").read_text())
        process = self.serve(
            "[control.manhole]",
            *(f'endpoint = "tcp:{port}:interface=127.0.0.1"', 'host_key = "host"', f'authorized_keys = "{keys}"'),
        )
        options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes")
        said = [argument for one in options for argument in ("-o", one)]
        ssh = ("ssh", "-F", "none", "-tt", "-p", str(port), *said, "-l", "bob")
        typed = f"d.set_state(1, '{A}', 'ip')\nd.list(1)\n1 // 0\n"  # and the end of it all
        out = run(*ssh, "-i", str(mine), "127.0.0.1", text=typed).out
        self.assertIn(f"set 1 {A}: AX -> IP", out)
        self.assertIn("ZeroDivisionError", out)
        self.assertEqual(run(*ssh, "-i", str(other), "127.0.0.1", text="d.list()\n").status, 255)
        out = run(*ssh, "-i", str(mine), "127.0.0.1", text="d.sets[1].members[0].uri\nexit()\n1 / 0\n").out
        self.assertIn(A, out)
        self.assertNotIn("ZeroDivisionError", out)
        shown = run("ssh-keygen", "-l", "-f", str(mine)).out.split()[1].rstrip("=")
        (change,) = self.states(process)
        self.assertIn(f"set-state by bob with key {shown}", change)
        self.assertIn(f"over manhole: set 1 {A}: AX -> IP", change)
        self.assertNotIn("Traceback", process.log())
