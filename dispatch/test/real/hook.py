"""A small HTTP server that is posted to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Hook:
    """Keeps what it is sent; answers with each of `statuses`, then always with 200.

    Attributes:
        posted: what came, in order, refused or not.
        url: where it is.
    """

    def __init__(self, statuses: Iterable[int] = ()) -> None:
        self.posted: list[dict[str, Any]] = []
        hook, left = self, iter(statuses)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # http.server's name
                hook.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(next(left, 200))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alarms"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def names(self) -> list[str]:
        """The events that came."""
        return [each["event"] for each in self.posted]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
