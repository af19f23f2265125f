"""What ``dispatchctl explain`` foretells, and where the call that comes next goes."""

from __future__ import annotations

import json
import socket
from typing import ClassVar

from dispatch.test.real.process import Socket
from dispatch.test.real.test_control import ControlCase
from dispatch.test.wire import header, request

_CALLS = 3


class ExplainTests(ControlCase):
    programs: ClassVar[tuple[str, ...]] = ()

    def peer(self) -> tuple[Socket, socket.socket]:
        at = self.address()
        bound = socket.socket(type=socket.SOCK_DGRAM)
        self.addCleanup(bound.close)
        bound.bind((at.host, at.port))
        bound.settimeout(10)
        return at, bound

    def test_foretold(self) -> None:
        """Each call goes where it was foretold to go, and what arrives is what was shown, but for its branch."""
        gateways = [self.peer() for _ in range(3)]
        caller, phone = self.peer()
        process = self.running(*(f"sip:{at.address}" for at, _ in gateways))
        self.assertEqual(self.ctl("set-state", "1", f"sip:{gateways[1][0].address}", "d").status, 0)
        (service,) = process.sockets
        path = self.folder / "request.sip"
        for number in range(_CALLS):
            data = request(
                b"MESSAGE",
                via=caller.address.encode(),
                branch=b"z9hG4bKcall%d" % number,
                call_id=b"call-%d" % number,
            )
            path.write_bytes(data)
            told = json.loads(self.ctl("explain", str(path), "--json").out)
            self.assertNotEqual(told["destination"], f"sip:{gateways[1][0].address}")
            phone.sendto(data, (service.host, service.port))
            bound = next(bound for at, bound in gateways if f"sip:{at.address}" == told["destination"])
            came = bound.recv(65535)
            lines = came.partition(b"\r\n\r\n")[0].decode().split("\r\n")
            ours, theirs = (
                [line for line in some if not line.startswith(f"Via: SIP/2.0/UDP {service.address}")]
                for some in (told["head"], lines)
            )
            self.assertEqual(ours, theirs)
            self.assertEqual(header(came, b"Call-ID"), [b"call-%d" % number])
            answer = came.replace(came.partition(b"\r\n")[0], b"SIP/2.0 200 OK", 1)
            bound.sendto(answer, (service.host, service.port))
            self.assertTrue(phone.recv(65535).startswith(b"SIP/2.0 200 "))
