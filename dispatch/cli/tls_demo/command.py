"""`dispatch tls-demo`: makes certificates for trying, and prints what to write into the configuration."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from dispatch.cli.command import Command
from dispatch.cli.tls_demo.authority import Authority

_ADVICE: Final = """\
# For trying only: whoever has these files can pretend to be you. They are good for {days} days.
[sip]
listen = ["udp:127.0.0.1:5060", "tls:127.0.0.1:5061"]

[sip.tls]
certificate = "{folder}/{name}.pem"
private_key = "{folder}/{name}.key"
ca = "{folder}/ca.pem"

# A gateway with gateway.pem and gateway.key, in dispatcher.list:
#     1 sip:192.0.2.21:5061;transport=tls 0 0 tls_name={gateway}
# See what the listener shows:
#     openssl s_client -connect 127.0.0.1:5061 -servername {name} -CAfile {folder}/ca.pem
"""


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the files go; made if it is not there")
    parser.add_argument("--name", default="sip.example.com", help="the domain of ours (default %(default)s)")
    parser.add_argument(
        "--gateway", default="gw.example.com", metavar="NAME", help="the domain of a gateway (default %(default)s)"
    )
    parser.add_argument("--days", type=int, default=30, help="how long they are good (default %(default)s)")


def _run(options: Namespace) -> int:
    folder, authority = options.folder, Authority(days=options.days)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = [path for name in ("ca", options.name, "gateway") if (path := folder / f"{name}.pem").exists()]
        if kept:
            print(f"{kept[0]} is there already; name another folder, or remove it", file=sys.stderr)
            return 1
        (folder / "ca.pem").write_bytes(authority.own.pem)
        for name, domain in ((options.name, options.name), ("gateway", options.gateway)):
            authority.issue(domain, uris=[f"sip:{domain}"], names=[domain]).write(folder, name)
    except OSError as error:
        print(f"{error.filename or folder}: {error.strerror}", file=sys.stderr)
        return 1
    print(_ADVICE.format(folder=folder, name=options.name, gateway=options.gateway, days=options.days), end="")
    return 0


TLS_DEMO: Final = Command("tls-demo", "make throw-away certificates, to try TLS with", _arguments, _run)
