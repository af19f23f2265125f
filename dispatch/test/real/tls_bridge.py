"""TLS for SIPp, which speaks none where Debian builds it: socat on the way, with certificates shown and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dispatch.test.real.process import Process, Socket
from dispatch.test.transport import certificates

PROXY: Final = "lb.example"
CALLER: Final = "caller.example"
GATEWAY: Final = "gw.example"


def sip_tls(folder: Path) -> dict[str, str | bool]:
    """``[sip.tls]`` of the proxy; certificates of everybody are in the folder afterwards."""
    certificates.write(folder, PROXY, CALLER, GATEWAY)
    paths = {"certificate": f"{PROXY}.pem", "private_key": f"{PROXY}.key", "ca": "ca.pem"}
    return {**{key: str(folder / name) for key, name in paths.items()}, "verify_client": True}


def towards(folder: Path, at: Socket, proxy: Socket) -> Process:
    """Who connects by TCP to `at` is connected by TLS to the proxy, which has to prove its name."""
    secure = f"OPENSSL:{proxy.address},commonname={PROXY},snihost={PROXY},{_shown(folder, CALLER)}"
    return Process("bridge-to-proxy", ["socat", f"TCP-LISTEN:{at.port},{_OPEN}", secure], folder, sockets=[at])


def before(folder: Path, at: Socket, gateway: Socket) -> Process:
    """Who connects by TLS to `at`, with a certificate, is connected by TCP to the gateway."""
    secure = f"OPENSSL-LISTEN:{at.port},{_OPEN},{_shown(folder, GATEWAY)}"
    return Process("bridge-to-gateway", ["socat", secure, f"TCP:{gateway.address},nodelay"], folder, sockets=[at])


_OPEN: Final = "bind=127.0.0.1,reuseaddr,fork,nodelay"


def _shown(folder: Path, name: str) -> str:
    return f"cert={folder / name}.pem,key={folder / name}.key,cafile={folder / 'ca.pem'},verify=1"


def secured(scenario: str, at: Socket) -> str:
    """A scenario whose peer says that it speaks TLS, at the other end of its bridge."""
    return scenario.replace("[transport]", "TLS").replace("[local_port]", str(at.port))
