"""An archive on loopback that misbehaves as it is told, one misdeed a request."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_RANGE = re.compile(r"bytes=(\d+)-")


@dataclass
class Archive:
    """What is served, and how. `misdeeds` are used up one a request; after the last the server behaves."""

    content: bytes
    misdeeds: list[str] = field(default_factory=list)
    etag: str = '"first"'
    asked: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/G3P_v1.12.zip"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    archive: Archive

    def do_GET(self) -> None:
        archive = self.archive
        wanted = self.headers.get("Range")
        archive.asked.append(wanted)
        misdeed = archive.misdeeds.pop(0) if archive.misdeeds else ""
        self.close_connection = True
        if misdeed == "drop":
            return
        if misdeed.isdigit():
            self._head(int(misdeed), {"Content-Length": "0", "Retry-After": "0"})
            return
        if misdeed == "silence":
            time.sleep(1.0)
            return
        content = archive.content
        start = int(_RANGE.fullmatch(wanted)[1]) if wanted else 0  # type: ignore[index]
        if self.headers.get("If-Range", archive.etag) != archive.etag or misdeed == "no ranges":
            start = 0
            wanted = None
        headers = {"ETag": archive.etag}
        if misdeed == "page":
            content, start, wanted = b"<html>log in</html>", 0, None
        if misdeed == "wrong part":
            start += 7
        if misdeed == "altered":
            content = content[:100] + bytes([content[100] ^ 1]) + content[101:]
        if wanted and start >= len(content):
            self._head(416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
            return
        body = content[start:]
        length = len(body)
        if misdeed == "half":
            body = body[: len(body) // 2]
        if misdeed == "announces more":
            length += 1000
        if misdeed == "announces less":
            length -= 1000
            body = body[:length]
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if misdeed == "no length":
            del headers["ETag"]
        else:
            headers["Content-Length"] = str(length)
        self._head(206 if wanted else 200, headers)
        self.wfile.write(body)

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def serve(archive: Archive) -> ThreadingHTTPServer:
    """Starts the server; `shutdown` and `server_close` end it."""
    handler = type("Handler", (_Handler,), {"archive": archive})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    archive.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
