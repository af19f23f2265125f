"""``python -m dispatch.test.bench.asking binrpc PATH METHOD`` or ``jsonrpc PORT METHOD``: a client that costs little.

With ``--rate`` it asks so often a second, for ``--seconds``, and tells how many answers came.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import sys
import time
from collections.abc import Callable

from dispatch.control import binrpc

_HEADERS = {"Content-Type": "application/json"}


def packet(method: str) -> bytes:
    """A request of BINRPC."""
    body = b"".join(binrpc.body((method,)))
    return binrpc.packet(binrpc.REQUEST, 7, body)


def by_binrpc(path: str, method: str) -> Callable[[], int]:
    """Asks by a stream that stays open; tells the size of the answer."""
    client, request = socket.socket(socket.AF_UNIX), packet(method)
    client.connect(path)

    def ask() -> int:
        client.sendall(request)
        got = client.recv(65536)
        head = 2 + (got[1] >> 2 & 3) + 1 + (got[1] & 3) + 1
        left = head + int.from_bytes(got[2 : 2 + (got[1] >> 2 & 3) + 1], "big") - len(got)
        while left > 0:
            left -= len(client.recv(65536))
        return len(got)

    return ask


def by_jsonrpc(port: str, method: str) -> Callable[[], int]:
    """The same over HTTP."""
    client = http.client.HTTPConnection("127.0.0.1", int(port))
    document = json.dumps({"jsonrpc": "2.0", "method": method, "id": 1})

    def ask() -> int:
        client.request("POST", "/", document, _HEADERS)
        answer = client.getresponse()
        if answer.status != http.client.OK:
            raise RuntimeError(answer.read())
        return len(answer.read())

    return ask


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.bench.asking", description=__doc__)
    parser.add_argument("protocol", choices=("binrpc", "jsonrpc"))
    parser.add_argument("where")
    parser.add_argument("method")
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=1.0)
    options = parser.parse_args()
    ask = (by_binrpc if options.protocol == "binrpc" else by_jsonrpc)(options.where, options.method)
    if not options.rate:
        return int(ask() == 0)
    begun = time.monotonic()
    count = 0
    while (passed := time.monotonic() - begun) < options.seconds:
        while count < passed * options.rate:
            ask()
            count += 1
        time.sleep(0.001)
    print(count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
