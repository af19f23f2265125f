"""A machine with several addresses, those of loopback: which one a request leaves from, and which ones are ours."""

from __future__ import annotations

import socket
from typing import Final

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Socket
from dispatch.test.wire import header, request

_WAIT: Final = 10.0  # seconds, for what must come
NEAR, FAR, GATEWAY = "127.0.0.1", "127.0.0.2", "127.0.0.3"


class AddressTests(RealCase):
    programs = ()
    ours_only = True

    def udp(self, host: str = NEAR) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(made.close)
        made.bind((host, 0))
        made.settimeout(_WAIT)
        return made

    def sent(self, attributes: str = "", *, mhomed: bool = False, advertised: str = "") -> tuple[bytes, bytes]:
        """Address that a request leaves from, and the one in its Via; it came to 127.0.0.2."""
        gateway, caller = self.udp(GATEWAY), self.udp()
        far, near = self.address("udp", FAR), self.address("udp", NEAR)
        listed = f"sip:{GATEWAY}:{gateway.getsockname()[1]}{attributes.format(far=far.address)}"
        plan = service.Plan((far, near), (listed,), grace=0.0)
        tables = plan.tables()
        tables["sip"]["mhomed"] = mhomed
        if advertised:
            tables["sip.advertise"] = {f'"udp:{near.address}"': advertised}
        folder = self.folder / str(len(self.started))
        config = service.write(folder, plan)
        config.write_text(service.toml(tables))
        self.keep(service.launch(f"proxy-{len(self.started)}", folder, config, plan.sockets))
        caller.sendto(request(via=b"127.0.0.1:%d" % caller.getsockname()[1]), (FAR, far.port))
        data, source = gateway.recvfrom(65536)
        return source[0].encode(), header(data, b"Via")[0].split(b" ")[1].partition(b":")[0]

    def test_which_one_sends(self) -> None:
        """The socket that a request came on; by the route with `mhomed`; always the one that a destination names."""
        self.assertEqual(self.sent(), (FAR.encode(), FAR.encode()))
        self.assertEqual(self.sent(mhomed=True), (NEAR.encode(), NEAR.encode()))
        self.assertEqual(self.sent(" socket=udp:{far}", mhomed=True), (FAR.encode(), FAR.encode()))

    def test_advertised(self) -> None:
        """Each socket is known by the name that it is given."""
        self.assertEqual(self.sent(mhomed=True, advertised="203.0.113.7:5060"), (NEAR.encode(), b"203.0.113.7"))

    def test_all_of_them_are_ours(self) -> None:
        """Behind a socket on all addresses each of the machine's is the service itself."""
        at = Socket("udp", self.address().port, "0.0.0.0")
        self.keep(service.start("proxy", self.folder, service.Plan((at,), (f"sip:{GATEWAY}:9",))))
        caller = self.udp()
        own = b"127.0.0.1:%d" % caller.getsockname()[1]
        for number, host in enumerate((NEAR, FAR, "[::ffff:127.0.0.9]")):
            uri = f"sip:{host}:{at.port}".encode()
            asked = request(b"OPTIONS", uri, via=own, branch=b"z9hG4bK%d" % number, call_id=b"%d" % number)
            caller.sendto(asked, (FAR, at.port))
            self.assertTrue(caller.recv(65536).startswith(b"SIP/2.0 200 "), host)
