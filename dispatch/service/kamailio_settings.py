"""Global parameters of a `kamailio.cfg`: what each of them is to us."""

from __future__ import annotations

import difflib
import ipaddress
import re
from typing import Any, Final

from dispatch.script.kamailio.tree import Number, Setting, Text
from dispatch.service.kamailio_document import Document

_SIP_PORT: Final = 5060
_PROTOCOLS: Final = ("udp", "tcp", "tls", "ws", "wss")
# Of those that say how the original runs; here they mean nothing.
_WITHOUT_EFFECT: Final = frozenset(
    [
        "fork",
        "fork_delay",
        "user",
        "group",
        "uid",
        "gid",
        "chroot",
        "workdir",
        "wdir",
        "memdbg",
        "memlog",
        "memsum",
        "memsafety",
        "memjoin",
        "memstatus",
        "mem_join",
        "mem_safety",
        "mem_status",
        "mem_summary",
        "mem_dump_pkg",
        "mem_dump_shm",
        "mem_add_size",
        "shm",
        "shm_mem_size",
        "shm_force_alloc",
        "log_color",
        "log_color_format",
        "log_name",
        "log_prefix",
        "log_prefix_mode",
        "log_stderror",
        "log_facility",
        "log_engine_type",
        "log_engine_data",
        "corelog",
        "pv_buffer_size",
        "pv_buffer_slots",
        "pv_cache_limit",
        "pv_cache_action",
        "tos",
        "mcast_ttl",
        "mcast_loopback",
        "mcast",
        "phone2tel",
        "check_via",
        "reply_to_via",
        "statistics",
        "version_table",
        "latency_log",
        "latency_cfg_log",
        "latency_limit_action",
        "latency_limit_db",
        "latency_limit_cfg",
        "verbose_startup",
        "server_id",
        "maxbuffer",
        "real_time",
        "rt_prio",
        "rt_policy",
        "rt_timer1_prio",
        "rt_timer1_policy",
        "rt_timer2_prio",
        "rt_timer2_policy",
        "rt_ftimer_prio",
        "use_dst_blocklist",
        "use_dst_blacklist",
        "dst_blocklist_mem",
        "dst_blocklist_expire",
        "dst_blacklist_mem",
        "dst_blacklist_expire",
        "auto_bind_ipv6",
        "open_files_limit",
        "disable_core_dump",
        "exit_timeout",
        "wait_worker1_mode",
        "wait_worker1_time",
        "wait_worker1_usleep",
        "http_reply_parse",
        "mpath",
        "loadpath",
        "children",
        "socket_workers",
        "tcp_children",
        "udp_workers",
        "auto_aliases",
        "server_header",
        "user_agent_header",
        "server_signature",
        "sip_warning",
        "mhomed",
        "dns",
        "rev_dns",
        "dns_try_ipv6",
        "dns_try_naptr",
        "dns_srv_lb",
        "dns_srv_loadbalancing",
        "use_dns_cache",
        "use_dns_failover",
        "dns_retr_time",
        "dns_retr_no",
        "dns_servers_no",
        "dns_use_search_list",
        "dns_search_full_match",
        "dns_cache_flags",
        "dns_cache_negative_ttl",
        "dns_cache_min_ttl",
        "dns_cache_max_ttl",
        "dns_cache_mem",
        "dns_cache_del_nonexp",
        "dns_cache_rec_pref",
        "dns_cache_gc_interval",
        "dns_cache_init",
        "dns_naptr_ignore_rfc",
        "dns_udp_pref",
        "dns_tcp_pref",
        "dns_tls_pref",
        "dns_sctp_pref",
        "enable_tls",
        "tcp_async",
        "tcp_accept_aliases",
        "tcp_accept_no_cl",
        "tcp_accept_unique",
        "tcp_accept_hep3",
        "tcp_connection_match",
        "tcp_conn_wq_max",
        "tcp_crlf_ping",
        "tcp_clone_rcvbuf",
        "tcp_defer_accept",
        "tcp_delayed_ack",
        "tcp_fd_cache",
        "tcp_keepalive",
        "tcp_keepcnt",
        "tcp_keepidle",
        "tcp_keepintvl",
        "tcp_linger2",
        "tcp_no_connect",
        "tcp_poll_method",
        "tcp_rd_buf_size",
        "tcp_reuse_port",
        "tcp_send_timeout",
        "tcp_connect_timeout",
        "tcp_source_ipv4",
        "tcp_source_ipv6",
        "tcp_wq_blk_size",
        "tcp_wq_max",
        "tcp_wait_data",
        "tcp_max_connections",
        "tls_max_connections",
        "tls_port_no",
        "ipv6_hex_style",
        "max_recursive_level",
        "force_rport",
        "local_rport",
        "sql_buffer_size",
        "stats_name_separator",
        "stealth",
        "syn_branch",
        "loadmodule_path",
        "modinit_delay",
        "msg_time",
        "onsend_route_reply",
        "rps",
        "disable_sctp",
        "debug",
        "log_level",
        "modparam_path",
        "advertised_port",
        "bind_ipv6_link_local",
        "async_workers",
        "async_usleep",
        "async_nonblock",
        "async_tkv_evname",
        "async_tkv_gname",
        "udp_mtu_try_proto",
        "ip_free_bind",
        "xavp_via_params",
        "xavp_via_fields",
        "xavp_via_reply_params",
        "uri_host_extra_chars",
        "hdr_name_extra_chars",
        "flags",
        "max_while_loops",
        "return_mode",
    ]
)
_REFUSED: Final = {
    "enable_sctp": "SCTP is not part of the dispatcher; remove it",
    "virtual": "virtual addresses are not known here; listen on the address when it is there",
    "udp4_raw": "raw sockets are not part of the dispatcher; remove it",
}


def apply(setting: Setting, document: Document) -> None:
    """Put a setting where it belongs; what is wrong with it is noted."""
    name, values = setting.name, [_plain(one) for one in setting.values]
    if name in ("listen", "socket", "bind"):
        _listen(setting, values, document)
    elif name == "alias":
        _alias(setting, document)
    elif name == "advertised_address":
        document.advertised = (str(values[0]), setting.at)
    elif name == "port":
        document.port = int(values[0]) if isinstance(values[0], int) else _SIP_PORT
    elif name == "disable_tcp":
        document.has_tcp = not values[0]
    elif name in ("debug", "log_level"):
        document.level = int(values[0]) if isinstance(values[0], int) else 0
    elif name == "max_while_loops":
        document.max_loops = int(values[0]) if isinstance(values[0], int) else document.max_loops
    elif name == "udp_mtu":
        document.put(setting.at, values[0], "sip", "udp_mtu")
    elif name == "tcp_connection_lifetime":
        document.put(setting.at, values[0], "sip", "limits", "idle_time")
    elif name == "cfgengine":
        document.engine = str(values[0])
        document.places["cfgengine"] = setting.at
    elif name in _REFUSED:
        document.wrong(setting.at, f"{name}: {_REFUSED[name]}")
    elif "." not in name and name not in _WITHOUT_EFFECT:
        near = difflib.get_close_matches(name, (*_WITHOUT_EFFECT, "listen", "alias", "port"), 1)
        hint = f"did you mean {near[0]}?" if near else "remove it"
        document.wrong(setting.at, f"there is no setting {name!r}; {hint}")


def _plain(one: object) -> Any:
    return one.value if isinstance(one, Number | Text) else getattr(one, "name", "")


def _listen(setting: Setting, values: list[Any], document: Document) -> None:
    """``proto:host[:port] [advertise host:port] [name "x"]``."""
    protocols, host, port = _socket(str(values[0]))
    if protocols == ("sctp",):
        document.wrong(setting.at, "SCTP is not part of the dispatcher; remove this socket")
        return
    if protocols and protocols[0] not in _PROTOCOLS:
        document.wrong(
            setting.at, f"{values[0]!r}: there is no protocol {protocols[0]!r}; write e.g. udp:10.0.0.1:5060"
        )
        return
    advertised = ""
    if "advertise" in values[:-1]:
        advertised = str(values[values.index("advertise") + 1])
    document.sockets.append((setting.at, protocols, host, port, advertised))


def _socket(written: str) -> tuple[tuple[str, ...], str, str]:
    """Protocols (none: both), host and port (empty: the usual one)."""
    found = re.fullmatch(r"(?:([A-Za-z]+):(?!:))?(\[[^\]]+\]|[^:\[\]]+|[0-9a-fA-F:]+?)(?::([0-9]+))?", written)
    if found is None:
        return (), written, ""
    host = found[2]
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    return ((found[1].lower(),) if found[1] else ()), host, found[3] or ""


def is_literal(host: str) -> bool:
    """Whether it is an address."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _alias(setting: Setting, document: Document) -> None:
    for one in setting.values:
        name = str(_plain(one))
        if isinstance(one, Text) and ":" in name and not name.startswith("["):
            document.hint(one.at, f'alias="{name}": the port in the quotes makes it match nothing; remove the quotes')
            continue
        _, host, port = _socket(name)
        document.aliases.append((one.at, f"{host}:{port}" if port else host))
