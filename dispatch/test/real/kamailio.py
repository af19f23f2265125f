"""Kamailio: as a proxy next to ours, and in place of ours, where it shows that a test asks for nothing odd."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dispatch.test.real.process import Process, Socket

_HEAD: Final = """#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
sip_warning=no
{listen}
mpath="{modules}"
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
modparam("rr", "enable_full_lr", 1)
modparam("tm", "fr_timer", {silence})
modparam("tm", "fr_inv_timer", 60000)
"""

_ROUTING: Final = """
request_route {
    if (!mf_process_maxfwd_header("70")) {
        sl_send_reply("483", "Too Many Hops");
        exit;
    }
    if (is_method("CANCEL")) {
        if (t_check_trans()) t_relay();
        else sl_send_reply("481", "Call/Transaction Does Not Exist");
        exit;
    }
    if (has_totag()) {
        if (loose_route()) t_relay();
        else if (is_method("ACK")) t_check_trans();
        else sl_send_reply("404", "Not Here");
        exit;
    }
    t_check_trans();
    if (is_method("OPTIONS") && uri == myself && $rU == $null) {
        sl_send_reply("200", "OK");
        exit;
    }
    remove_hf("Route");
    if (is_method("INVITE|SUBSCRIBE")) record_route();
    route(ONWARD);
}
"""

_NEIGHBOUR: Final = """
route[ONWARD] {{
    $du = "{onward}";
    t_relay();
}}
"""

_BALANCER: Final = """
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "flags", 2)

route[ONWARD] {{
    if (!ds_select_dst("1", "{algorithm}")) {{
        sl_send_reply("503", "No Destination");
        exit;
    }}
    t_on_failure("AGAIN");
    t_relay();
}}

failure_route[AGAIN] {{
    if (t_is_canceled()) exit;
    if ((t_check_status("477|500|503") || (t_branch_timeout() && !t_branch_replied())) && ds_next_dst()) {{
        t_on_failure("AGAIN");
        t_relay();
    }}
}}
"""

_PROBER: Final = """
loadmodule "jsonrpcs.so"
loadmodule "dispatcher.so"
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "pretty_format", 0)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "ds_dns_mode", 0)
"""

_CONTROLLED: Final = """
loadmodule "cfg_rpc.so"
loadmodule "ctl.so"
loadmodule "dispatcher.so"
{binrpc}
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "reload_delta", 0)
request_route {{ exit; }}
"""

_SMALL: Final = ("-m", "32", "-M", "8")


@functools.cache
def modules() -> str:
    """The folder of its modules; Debian keeps them below the machine's own triplet."""
    found = sorted(Path("/usr").glob("lib*/**/kamailio/modules"))
    return f"{found[0]}/" if found else "/usr/lib/kamailio/modules/"


@functools.cache
def version() -> str:
    return subprocess.run(["kamailio", "-v"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


class Kamailio(Process):
    """A running Kamailio of one worker."""

    def __init__(
        self, name: str, text: str, folder: Path, sockets: Sequence[Socket], options: Sequence[str] = _SMALL
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.cfg").write_text(text)
        command = ["kamailio", "-f", f"{name}.cfg", "-w", ".", "-Y", ".", "-DD", "-E", *options]
        super().__init__(name, command, folder, sockets=sockets)


def _head(sockets: Sequence[Socket], silence: float) -> str:
    listen = "\n".join(f"listen={proto}:{host}:{port}" for proto, port, host in sockets)
    if all(socket.proto == "udp" for socket in sockets):
        listen = f"disable_tcp=yes\n{listen}"
    return _HEAD.format(listen=listen, modules=modules(), silence=int(silence * 1000))


def neighbour(name: str, folder: Path, sockets: Sequence[Socket], onward: str) -> Kamailio:
    """A proxy that puts itself into the route of dialogs and sends what starts one to the URI `onward`."""
    text = _head(sockets, 10.0) + _ROUTING + _NEIGHBOUR.format(onward=onward)
    return Kamailio(name, text, folder, sockets)


def tls_edge(
    name: str, folder: Path, sockets: Sequence[Socket], onward: str, certificate: Path, authority: Path
) -> Kamailio:
    """As `neighbour`, with sockets of TLS too: shows its certificate to all, and believes only who shows one."""
    pair = f"certificate = {certificate}\nprivate_key = {certificate.with_suffix('.key')}\nca_list = {authority}"
    rules = f"method = TLSv1.2+\nverify_certificate = yes\nrequire_certificate = yes\n{pair}\n"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.tls").write_text(f"[server:default]\n{rules}\n[client:default]\n{rules}")
    head = _head(sockets, 10.0).replace("children=1\n", "children=1\nenable_tls=yes\n", 1)
    tls = f'loadmodule "tls.so"\nmodparam("tls", "config", "{folder / name}.tls")\n'
    return Kamailio(name, head + tls + _ROUTING + _NEIGHBOUR.format(onward=onward), folder, sockets)


def has_tls() -> bool:
    """Whether its module for TLS is installed."""
    return Path(modules(), "tls.so").exists()


def balancer(
    name: str, folder: Path, sockets: Sequence[Socket], list_file: Path, algorithm: int, silence: float
) -> Kamailio:
    """A dispatcher as ours should be one; `silence`: seconds before a destination counts as dead."""
    onward = _BALANCER.format(list_file=list_file, algorithm=algorithm)
    return Kamailio(name, _head(sockets, silence) + onward + _ROUTING, folder, sockets)


def prober(
    name: str,
    folder: Path,
    sockets: Sequence[Socket],
    rpc: Path,
    list_file: Path,
    silence: float,
    params: Mapping[str, int | str],
) -> Kamailio:
    """A dispatcher that probes and routes nothing; asked by JSON in datagrams at `rpc`."""
    onward = _PROBER.format(rpc=rpc, list_file=list_file)
    onward += "".join(f'modparam("dispatcher", "{key}", {json.dumps(value)})\n' for key, value in params.items())
    return Kamailio(name, _head(sockets, silence) + onward + "request_route { exit; }\n", folder, sockets)


def controlled(name: str, folder: Path, sockets: Sequence[Socket], binrpc: Sequence[str], list_file: Path) -> Kamailio:
    """A dispatcher that routes nothing, for its command line at these sockets: ``unix:PATH``, ``tcp:HOST:PORT`` ..."""
    named = "\n".join(f'modparam("ctl", "binrpc", "{one}")' for one in binrpc)
    return Kamailio(name, _head(sockets, 1.0) + _CONTROLLED.format(binrpc=named, list_file=list_file), folder, sockets)
