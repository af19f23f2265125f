"""The configuration of the oracle.

Its script picks for whatever request comes and keeps what it got in a shared variable; a second request, which is
always well-formed, fetches it. So requests that can't be answered can be asked about, and nothing waits for silence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from dispatch.test.real import kamailio

# Calls of ds_next_dst at most, and records of a failover list that are told.
CHAIN: Final = 20

_HEAD: Final = """#!KAMAILIO
debug=-2
log_stderror=yes
fork=yes
children=1
max_branches=30
disable_tcp=yes
auto_aliases=no
sip_warning=no
listen=udp:127.0.0.1:{port}
listen=udp:[::1]:{port}
mpath="{modules}"
loadmodule "kex.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "jsonrpcs.so"
loadmodule "dispatcher.so"
modparam("jsonrpcs", "transport", 4)
modparam("jsonrpcs", "dgram_socket", "{rpc}")
modparam("dispatcher", "list_file", "{list_file}")
modparam("dispatcher", "reload_delta", 0)
modparam("dispatcher", "ds_dns_mode", 0)
"""

# X-Oracle: number,operation,set,algorithm,limit,walk,destination before,function to call afterwards
# The answer is number|field|field ..., texts in hexadecimal digits, "-" where there is nothing.
_ROUTES: Final = """
request_route {
    $var(line) = $(mb{line.sw,X-Oracle:}{s.rm,X-Oracle:}{s.trim});
    $var(op) = $(var(line){s.select,1,,});
    if ($var(op) == "tell") {
        append_to_reply("X-Result: $shv(result)\\r\\n");
        sl_send_reply("200", "OK");
        exit;
    }
    $var(set) = $(var(line){s.select,2,,}{s.int});
    $var(alg) = $(var(line){s.select,3,,}{s.int});
    $var(limit) = $(var(line){s.select,4,,});
    $var(walk) = $(var(line){s.select,5,,}{s.int});
    $var(before) = $(var(line){s.select,6,,});
    $var(then) = $(var(line){s.select,7,,});
    $var(out) = $(var(line){s.select,0,,}) + "|";
    if ($var(before) != "-") $du = $var(before);
    switch ($var(op)) {
    case "dst":
        if ($var(limit) == "-") ds_select_dst("$var(set)", "$var(alg)");
        else ds_select_dst("$var(set)", "$var(alg)", "$var(limit)");
        $var(rc) = $rc;
        route(SELECTED);
        break;
    case "domain":
        if ($var(limit) == "-") ds_select_domain("$var(set)", "$var(alg)");
        else ds_select_domain("$var(set)", "$var(alg)", "$var(limit)");
        $var(rc) = $rc;
        route(SELECTED);
        break;
    case "exist":
        ds_list_exist("$var(set)");
        $var(out) = $var(out) + $rc;
        break;
    case "load_update":
        ds_load_update();
        $var(out) = $var(out) + $rc;
        break;
    case "load_unset":
        ds_load_unset();
        $var(out) = $var(out) + $rc;
        break;
    }
    $shv(result) = $var(out);
    drop;
}

route[SELECTED] {
    $var(out) = $var(out) + $var(rc) + "|";
    if ($du == $null) $var(out) = $var(out) + "-|";
    else $var(out) = $var(out) + $(du{s.encode.hexa}) + "|";
    if ($ru == $null) $var(out) = $var(out) + "-|";
    else $var(out) = $var(out) + $(ru{s.encode.hexa}) + "|";
    if ($xavp(_dsctx_=>cnt) == $null) $var(out) = $var(out) + "-|";
    else $var(out) = $var(out) + $xavp(_dsctx_=>cnt) + "|";
RECORDS
    $var(out) = $var(out) + "|";
    $var(next) = 0;
    while ($var(next) < $var(walk)) {
        $var(next) = $var(next) + 1;
        if ($var(op) == "dst") {
            if (!ds_next_dst()) break;
            $var(out) = $var(out) + $(du{s.encode.hexa}) + ",";
        } else {
            if (!ds_next_domain()) break;
            if ($ru != $null) $var(out) = $var(out) + $(ru{s.encode.hexa}) + ",";
        }
    }
    $var(out) = $var(out) + "|";
    switch ($var(then)) {
MARKS
    default:
        $var(out) = $var(out) + "-";
    }
}
"""
_RECORD: Final = """\
    if ($xavp(_dsdst_[NUMBER]=>uri) != $null)
        $var(out) = $var(out) + $(xavp(_dsdst_[NUMBER]=>uri){s.encode.hexa}) + ",";
"""
_MARK: Final = """\
    case "NAME":
        CALL;
        $var(out) = $var(out) + $rc;
        break;
"""
# What a vector may call after a selection, in the same request.
MARKS: Final = ("", "i", "ip", "IP", "a", "ap", "pa", "d", "dp", "t", "tp", "TP", "p", "x")
CALLS: Final = ("ds_load_unset", "ds_mark_dst()", *(f'ds_mark_dst("{letters}")' for letters in MARKS[1:]))


def configuration(port: int, rpc: Path, list_file: Path, params: Mapping[str, Any]) -> str:
    """The text of kamailio.cfg.

    Args:
        port: where it listens, on 127.0.0.1 and ::1 (without an IPv6 socket it refuses IPv6 destinations).
        rpc: its JSON-RPC socket.
        list_file: `list_file`.
        params: the other parameters of the module, as a vector has them.
    """
    head = _HEAD.format(port=port, modules=kamailio.modules(), rpc=rpc, list_file=list_file)
    set_up = [f'modparam("dispatcher", "{name}", {json.dumps(value)})\n' for name, value in params.items()]
    records = "".join(_RECORD.replace("NUMBER", str(number)) for number in range(CHAIN))
    marks = "".join(
        _MARK.replace("NAME", spelled(call)).replace("CALL", call if ")" in call else f"{call}()") for call in CALLS
    )
    return head + "".join(set_up) + _ROUTES.replace("RECORDS\n", records).replace("MARKS\n", marks)


def spelled(call: str) -> str:
    """A call as X-Oracle names it: no quotes, no comma."""
    return call.replace('"', "")
