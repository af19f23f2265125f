"""What is measured: the service, and Kamailio with the same work to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from dispatch.test.real import kamailio, service
from dispatch.test.real.process import Process, Socket

Subject = Callable[[Path, Socket, tuple[str, ...]], Process]
"""Starts a proxy in a folder, listening there, with these destinations in set 1."""

ROUND_ROBIN: Final = 4
HASH_OVER_CALL_ID: Final = 0

# Debian's default allocator is one for debugging and costs a multiple.
_FAST: Final = ("-x", "tlsf", "-X", "tlsf", "-m", "512", "-M", "16")

# The steps of the module's own example, without accounting and presence.
_KAMAILIO: Final = """#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
disable_tcp={no_tcp}
tcp_children=1
auto_aliases=no
sip_warning=no
listen={proto}:{host}:{port}
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
loadmodule "sanity.so"
loadmodule "dispatcher.so"
modparam("rr", "enable_full_lr", 1)
modparam("rr", "append_fromtag", 0)
modparam("tm", "fr_timer", 2000)
modparam("tm", "fr_inv_timer", 40000)
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "flags", 2)

request_route {{
    if (!mf_process_maxfwd_header("10")) {{
        sl_send_reply("483", "Too Many Hops");
        exit;
    }}
    if (!sanity_check("1511", "7")) exit;
    if (has_totag()) {{
        if (loose_route()) route(ONWARD);
        if (!is_method("ACK")) sl_send_reply("404", "Not Here");
        exit;
    }}
    {entry}
    remove_hf("Route");
    if (is_method("INVITE|SUBSCRIBE")) record_route();
    if ($rU == $null) {{
        sl_send_reply("484", "Address Incomplete");
        exit;
    }}
    if (!ds_select_dst("1", "{algorithm}")) {{
        sl_send_reply("503", "No Destination");
        exit;
    }}
    {before}
    route(ONWARD);
}}

route[ONWARD] {{
    {onward};
    exit;
}}

failure_route[AGAIN] {{
    if (t_is_canceled()) exit;
    if ((t_check_status("500") || (t_branch_timeout() && !t_branch_replied())) && ds_next_dst()) {{
        t_on_failure("AGAIN");
        route(ONWARD);
    }}
}}
"""

_STATEFUL: Final = {
    "entry": 'if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }\n    t_check_trans();',
    "before": 't_on_failure("AGAIN");',
    "onward": "if (!t_relay()) sl_reply_error()",
    "algorithm": ROUND_ROBIN,
}
_STATELESS: Final = {"entry": "", "before": "", "onward": "forward()", "algorithm": HASH_OVER_CALL_ID}


def ours(relay: str) -> Subject:
    """``twistd dispatcher``."""
    algorithm = HASH_OVER_CALL_ID if relay == "stateless" else ROUND_ROBIN

    def start(folder: Path, at: Socket, destinations: tuple[str, ...]) -> Process:
        plan = service.Plan((at,), destinations, algorithm=algorithm, relay=relay, silence=2.0)
        return service.launch("dispatch", folder, service.write(folder, plan), plan.sockets)

    return start


def theirs(relay: str) -> Subject:
    """Kamailio with one worker."""
    steps = _STATELESS if relay == "stateless" else _STATEFUL

    def start(folder: Path, at: Socket, destinations: tuple[str, ...]) -> Process:
        listed = service.write_list(folder, destinations)
        no_tcp = "yes" if at.proto == "udp" else "no"
        place = {"proto": at.proto, "host": at.host, "port": at.port, "no_tcp": no_tcp}
        text = _KAMAILIO.format(modules=kamailio.modules(), list_file=listed, **place, **steps)
        return kamailio.Kamailio("kamailio", text, folder, [at], options=_FAST)

    return start
