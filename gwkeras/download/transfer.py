"""One file over HTTP: resumed where it broke off, checked, and put in its place whole."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import urllib3

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import publish
from gwkeras.core.progress import Progress, silent
from gwkeras.core.retry import GaveUp, Patience, Transient, persistently

_BLOCK = 2**20
TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
"""HTTP statuses that pass."""
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+|\*)")
_SPARE = 2**28  # bytes that the disk keeps beside what is fetched


DOWNLOADING = Patience(total=math.inf, first_pause=1.0, longest_pause=60.0, attempts=8)
"""A download may take days, as long as bytes come; it ends after eight attempts in a row without a byte gained."""


def transfer(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    check: Callable[[Path], None] | None = None,
    patience: Patience = DOWNLOADING,
    progress: Progress = silent,
) -> Path:
    """Fetches `url` as `target`.

    What an earlier attempt left in `<target>.partial` is continued, if the server still has the same file. `target` appears when
    the file is whole, has passed `check` (which raises BadInput) and has the digest; what stood there before stands until then.

    Args:
        sha256: hexadecimal digest of the file, where it is known.
    Raises: BadInput: the server refuses, stays away or sends something else, twice where a check fails; or the disk is too small.
    """
    partial = _Partial(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with requests.Session() as session:
        for last in (False, True):
            _complete(session, url, partial, patience, progress)
            try:
                _check_digest(url, partial.path, sha256)
                if check is not None:
                    check(partial.path)
                break
            except BadInput:
                partial.discard()  # pieces of two editions of the file make a third that nobody has: once more from the start
                if last:
                    raise
    partial.finish()
    return target


class _Partial:
    """A file under way, and beside it what the server said of it."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.partial")
        self._beside = target.with_name(f"{target.name}.partial.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def known(self, url: str) -> dict[str, Any]:
        """The server's validator and length, if what lies here came from `url`; nothing lies here otherwise."""
        try:
            known = json.loads(self._beside.read_bytes()) if self.size else {}
        except (OSError, ValueError):
            known = {}
        if not isinstance(known, dict) or known.get("url") != url:
            self.discard()
            return {}
        return known

    def start(self, url: str, validator: str, total: int | None) -> None:
        self.discard()
        self._beside.write_text(json.dumps({"url": url, "validator": validator, "total": total}))

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._beside.unlink(missing_ok=True)

    def finish(self) -> None:
        publish(self.path, self.target)
        self._beside.unlink(missing_ok=True)


def _complete(session: requests.Session, url: str, partial: _Partial, patience: Patience, progress: Progress) -> None:
    """Attempt after attempt until the partial file has all its bytes."""
    try:
        # A server that sends the same first half again and again gains nothing.
        persistently(lambda _: _attempt(session, url, partial, patience, progress), patience, gained=lambda: partial.size)
    except GaveUp as failure:
        got = f"{partial.size / 2**20:.1f} MiB are kept; " if partial.size else ""
        raise BadInput(
            url,
            expected="a server that sends the file to its end",
            found=f"{failure}, {failure.attempts} times in a row",
            remedy=f"{got}give the same command again later, or name a mirror with --url",
        ) from failure


def _attempt(session: requests.Session, url: str, partial: _Partial, patience: Patience, progress: Progress) -> None:
    known, have = partial.known(url), partial.size
    if have and known.get("total") == have:
        return
    headers = {"Accept-Encoding": "identity"}  # a range of a compressed answer is of no use
    if have:
        headers["Range"] = f"bytes={have}-"
        if known.get("validator"):
            headers["If-Range"] = known["validator"]
    try:
        with session.get(url, headers=headers, stream=True, timeout=(patience.connect, patience.call)) as answer:
            total = _settle(answer, url, partial, known)
            if total is not None and partial.size == total:
                return
            _receive(answer, url, partial, total, progress)
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema) as error:
        raise BadInput(url, expected="an http or https address", found=str(error), remedy="correct it") from error
    except requests.exceptions.TooManyRedirects as error:
        raise BadInput(
            url, expected="a file", found="redirections without end", remedy="open the address in a browser and see what it asks"
        ) from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
        raise Transient(_reason(error)) from error


def _settle(answer: requests.Response, url: str, partial: _Partial, known: dict[str, Any]) -> int | None:
    """What the answer's head means for the partial file; returns the length of the whole file, where it is known."""
    status, have = answer.status_code, partial.size
    if status == 200:  # the file from its start: the first time, or because the server has another by now or knows no ranges
        total = _length(answer)
        partial.start(url, _validator(answer), total)
        _check_room(partial.path, total)
        return total
    if status == 206:
        match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        total = int(match[3]) if match and match[3].isdigit() else None
        if not match or match[1] is None or int(match[1]) != have or (known.get("total") not in (None, total)):
            partial.discard()
            raise Transient("a part of the file that was not asked for")
        return total
    if status == 416:
        if answer.headers.get("Content-Range") == f"bytes */{have}":  # the length announced before was wrong; the checks decide
            return have
        partial.discard()
        raise Transient("a file shorter than what was sent of it before")
    if status in TRANSIENT:
        after = answer.headers.get("Retry-After", "")
        raise Transient(f"HTTP {status} {answer.reason}", wait=float(after) if after.isdigit() else None)
    remedy = {
        401: "log in at the provider and name a file that is open to you",
        403: "see whether the provider asks for a login",
        404: "look up the present address at the provider and give it with --url",
    }
    raise BadInput(
        url, expected="the file", found=f"HTTP {status} {answer.reason}", remedy=remedy.get(status, "check the address")
    )


def _receive(answer: requests.Response, url: str, partial: _Partial, total: int | None, progress: Progress) -> None:
    label = f"fetching {partial.target.name}, MiB"
    with partial.path.open("ab") as file:
        done = file.tell()
        # What has arrived is written at once: a larger read that breaks off would lose what it has.
        while block := answer.raw.read1(_BLOCK):
            shown = done >> 20
            file.write(block)
            done += len(block)
            if done >> 20 > shown:
                if total is None:
                    _check_room(partial.path, None)
                progress(label, done >> 20, max(total or 0, done) >> 20)
    if total is not None and done < total:
        raise Transient(f"an answer that ends after {done} of {total} bytes")
    if total is not None and done > total:
        partial.discard()
        raise Transient(f"{done} bytes where {total} were announced")


def _length(answer: requests.Response) -> int | None:
    stated = answer.headers.get("Content-Length", "")
    return int(stated) if stated.isdigit() else None


def _validator(answer: requests.Response) -> str:
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _check_room(path: Path, total: int | None) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < (total or 0) + _SPARE:
        raise BadInput(
            path,
            expected=f"room for {total / 2**20:.0f} MiB" if total else "room on the disk",
            found=f"{free / 2**20:.0f} MiB free",
            remedy="free some space, or name another folder with --output",
        )


def _check_digest(url: str, path: Path, sha256: str | None) -> None:
    if sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        raise BadInput(
            url,
            expected=f"SHA-256 {sha256.lower()[:16]}…",
            found=f"{found[:16]}…, also when fetched anew",
            remedy="see whether the provider has published a new edition, and give its digest",
        )


def _reason(error: Exception) -> str:
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | urllib3.exceptions.HTTPError):
        return "an answer that breaks off"
    if isinstance(error, requests.exceptions.SSLError):
        return "a certificate that is not trusted"
    return "no connection"
