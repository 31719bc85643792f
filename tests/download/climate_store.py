"""The Climate Data Store on loopback, as cdsapi 0.7 speaks with it (ecmwf-datastores-client 0.5): orders, status, results, files.

Paths, fields and the words of refusals are those of the store's software (catalogue/v1, retrieve/v1; problem details with
type, title, status, detail). It misbehaves as it is told, one misdeed at each question of the kind.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from tests.fixtures import write_era5_new, write_era5_split, write_zip

DATASET = "reanalysis-era5-land-monthly-means"
KEY = "11112222-3333-4444-5555-secretsecret"
SHORT = {
    "total_precipitation": "tp",
    "2m_temperature": "t2m",
    "total_evaporation": "e",
    "surface_pressure": "sp",
    "volumetric_soil_water_layer_1": "swvl1",
}
_JOB = re.compile(r"/api/retrieve/v1/jobs/(job-\d+)(/results)?")
PROBLEMS = {
    "licence": (
        403,
        "required licences not accepted",
        "Not all the required licences have been accepted; please visit "
        f"https://cds.climate.copernicus.eu/datasets/{DATASET}?tab=download#manage-licences to accept the required "
        "licence(s).",
    ),
    "key": (401, "Authentication failed", "operation not allowed"),
    "too large": (403, "cost limits exceeded", "Your request is too large, please reduce your selection."),
    "invalid": (400, "invalid request", "Request has not produced a valid combination of values, please check your selection."),
    "echo": (400, "invalid request", f"we do not know PRIVATE-TOKEN {KEY}"),
}


@dataclass
class Store:
    """What the store does. Misdeeds are used up one a question; `orders` are the requests placed.

    Args:
        at_order, at_status, at_results, at_file: misdeeds where an order is placed, looked at, answered for, and sent.
        content: misdeeds of what is in the file. states: through which an order goes, one a look.
    """

    folder: Path
    at_order: list[str] = field(default_factory=list)
    at_status: list[str] = field(default_factory=list)
    at_results: list[str] = field(default_factory=list)
    at_file: list[str] = field(default_factory=list)
    content: list[str] = field(default_factory=list)
    states: tuple[str, ...] = ("accepted", "running", "successful")
    split: bool = False
    port: int = 0
    orders: list[dict[str, Any]] = field(default_factory=list)
    looks: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    ranges: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def make(self, request: dict[str, Any]) -> bytes:
        """The file for an order, in the store's layout."""
        fault = self.content.pop(0) if self.content else ""
        months = [f"{request['year'][0]}-{m}" for m in request["month"]]
        months = months[:-1] if fault == "a month less" else months
        north, west, south, east = request["area"]
        lat, lon = np.arange(north, south - 0.05, -0.1), np.arange(west, east + 0.05, 0.1)
        names = [SHORT[v] for v in request["variable"]]
        names = names[:1] if fault == "a variable less" else names
        fields = {n: np.full((len(months), lat.size, lon.size), 290.0 if n == "t2m" else 0.001, "f4") for n in names}
        self.folder.mkdir(exist_ok=True)
        target = self.folder / "sent"
        if self.split or fault == "a damaged ZIP":
            write_zip(target, write_era5_split(self.folder, months, lat, lon, fields))
        else:
            write_era5_new(self.folder / "data.nc", months, lat, lon, fields)
            shutil.copy(self.folder / "data.nc", target)
        made = target.read_bytes()
        if fault == "cut":
            made = made[: len(made) // 2]
        if fault == "a page":
            made = b"<html>maintenance</html>"
        if fault == "a damaged ZIP":
            made = made[:200] + bytes([made[200] ^ 255]) + made[201:]
        return made


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    store: Store

    def do_HEAD(self) -> None:
        self._send(404, b"")

    def do_GET(self) -> None:
        store, path = self.store, urlsplit(self.path).path
        if path == "/api/catalogue/v1/messages":
            return self._json(200, {"messages": [{"severity": "warning", "content": "slow today", "date": "2026-01-01"}]})
        if path.startswith("/files/"):
            return self._file(store.files.get(path.removeprefix("/files/")))
        if self.headers.get("PRIVATE-TOKEN") != KEY:
            return self._problem("key")
        if path == f"/api/retrieve/v1/processes/{DATASET}":
            return self._json(200, {"id": DATASET, "links": []})
        job = _JOB.fullmatch(path)
        if not job or job[1] not in store.looks:
            return self._json(404, {"type": "job not found", "title": "job not found", "status": 404})
        if job[2]:
            return self._results(job[1])
        if self._misdeed(store.at_status):
            return None
        state = store.states[min(store.looks[job[1]], len(store.states) - 1)]
        store.looks[job[1]] += "log" in self.path
        return self._json(200, {"jobID": job[1], "status": state, "links": self._links(job[1], "self", state)})

    def do_POST(self) -> None:
        store = self.store
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("PRIVATE-TOKEN") != KEY:
            return self._problem("key")
        if self._misdeed(store.at_order):
            return None
        store.orders.append(body["inputs"])
        name = f"job-{len(store.orders)}"
        store.looks[name] = 0
        return self._json(201, {"jobID": name, "status": "accepted", "links": self._links(name, "monitor", "accepted")})

    def _results(self, job: str) -> None:
        store = self.store
        if store.states[-1] == "failed":
            said = {
                "type": "job results failed",
                "title": "The job has failed",
                "status": 400,
                "traceback": "The job failed with: MultiAdaptorNoDataError",
            }
            return self._json(400, said)
        misdeed = store.at_results.pop(0) if store.at_results else ""
        if self._done(misdeed):
            return None
        if job not in store.files:
            store.files[job] = store.make(store.orders[int(job.removeprefix("job-")) - 1])
        content = store.files[job]
        checksum = hashlib.md5(content).hexdigest().lstrip("0")
        value = {
            "type": "application/netcdf",
            "href": f"http://127.0.0.1:{store.port}/files/{job}?X-Amz-Signature=abc",
            "file:size": len(content),
            "file:checksum": checksum,
            "file:local_path": "s3://bucket/x.nc",
        }
        if misdeed == "a larger size":
            value["file:size"] = len(content) + 7
        if misdeed == "another checksum":
            value["file:checksum"] = "1" * 32
        if misdeed == "a checksum of another kind":
            value["file:checksum"] = "f" * 56
        if misdeed == "no asset":
            return self._json(200, {"asset": {}})
        if misdeed == "a file address":
            value["href"] = "gopher://127.0.0.1/x"
        return self._json(200, {"asset": {"value": value}})

    def _file(self, content: bytes | None) -> None:
        store = self.store
        store.ranges.append(self.headers.get("Range"))
        misdeed = store.at_file.pop(0) if store.at_file else ""
        if self._done(misdeed):
            return
        if content is None:
            return self._send(404, b"")
        start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        headers = {"ETag": '"one"', "Accept-Ranges": "bytes"}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        body = content[start:]
        length = len(body)
        if misdeed == "altered":
            body = body[:100] + bytes([body[100] ^ 1]) + body[101:]
        if misdeed == "half":
            body = body[: length // 2]
        if misdeed == "announces half":
            body = body[: length // 2]
            length //= 2
        self._send(206 if start else 200, body, headers, length)

    def _misdeed(self, misdeeds: list[str]) -> bool:
        return self._done(misdeeds.pop(0) if misdeeds else "")

    def _done(self, misdeed: str) -> bool:
        """Does what a server of any kind may do wrong; False where that is not it."""
        if misdeed == "drop":
            self.close_connection = True
        elif misdeed.isdigit():
            self._send(int(misdeed), b"<html>sorry</html>")
        elif misdeed == "silence":
            time.sleep(1.0)
            self.close_connection = True
        elif misdeed == "page":
            self._send(200, b"<html>maintenance</html>")
        elif misdeed in PROBLEMS:
            self._problem(misdeed)
        else:
            return False
        return True

    def _problem(self, name: str) -> None:
        status, title, detail = PROBLEMS[name]
        self._json(status, {"type": "permission denied", "title": title, "status": status, "detail": detail, "trace_id": "x"})

    def _links(self, job: str, rel: str, state: str) -> list[dict[str, str]]:
        href = f"http://127.0.0.1:{self.store.port}/api/retrieve/v1/jobs/{job}"
        links = [{"href": href, "rel": rel}]
        return [*links, {"href": f"{href}/results", "rel": "results"}] if state in ("successful", "failed") else links

    def _json(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body) if length is None else length), **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serve(store: Store) -> ThreadingHTTPServer:
    """Starts the store; `shutdown` and `server_close` end it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"store": store}))
    server.daemon_threads = True
    store.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
