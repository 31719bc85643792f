"""The Climate Data Store, through its own package cdsapi: an order is placed, waited for, and brought home."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

from gwkeras.core.errors import BadInput
from gwkeras.core.files.whole_file import write_atomically
from gwkeras.core.progress import Progress
from gwkeras.core.retry import GaveUp, Patience, Transient, persistently
from gwkeras.download.transfer import DOWNLOADING, TRANSIENT, transfer

Answer = TypeVar("Answer")

ASKING = Patience(call=60.0, total=600.0, first_pause=1.0, longest_pause=60.0)
_STORE = "Climate Data Store"
_AGAIN = "see the store's status page, and give the same command again"
_NO_KEY = "register at cds.climate.copernicus.eu and copy the two lines that its page on the API shows into ~/.cdsapirc"
_ADDRESS = re.compile(r"(https?://[^\s?#]+)[?#]\S*")  # queries may hold signatures

_log = logging.getLogger("gwkeras")


@dataclass(frozen=True)
class Access:
    """Where the store is and how we are known there; the key is never shown."""

    url: str
    key: str

    def __repr__(self) -> str:
        return f"Access({self.url!r})"

    @classmethod
    def found(cls) -> Access:
        """From CDSAPI_URL and CDSAPI_KEY, else from ~/.cdsapirc (or the file that CDSAPI_RC names), as cdsapi finds them.

        Raises: BadInput: cdsapi is missing, or there is no key, or one of the store as it was before 2024.
        """
        try:
            import cdsapi.api
        except ImportError as error:
            raise BadInput(
                "ERA5-Land", expected="the package cdsapi", found="none", remedy="install it with pip install 'gwkeras[download]'"
            ) from error
        expected = "an access key of the Climate Data Store in ~/.cdsapirc or CDSAPI_KEY"
        try:
            url, key, _ = cdsapi.api.get_url_key_verify(None, None, None)
        except Exception as error:  # a bare Exception is what it raises without a key
            raise BadInput("ERA5-Land", expected=expected, found=_line(error), remedy=_NO_KEY) from error
        if ":" in key or url.rstrip("/").endswith("/v2"):
            raise BadInput(
                "ERA5-Land", expected=expected, found="the address or key of the store as it was before 2024", remedy=_NO_KEY
            )
        if not key or any(c.isspace() or not c.isprintable() for c in key):
            raise BadInput("ERA5-Land", expected=expected, found="an empty one or one with blanks in it", remedy=_NO_KEY)
        return cls(url.rstrip("/"), key)


class ClimateStore:
    """Orders of one command.

    Args:
        asking: patience with questions.
        downloading: patience with files.
        polls: seconds between two looks at an order, first and last.
    Raises: BadInput: as `Access.found`.
    """

    def __init__(
        self, asking: Patience = ASKING, downloading: Patience = DOWNLOADING, polls: tuple[float, float] = (1.0, 120.0)
    ) -> None:
        self._access = Access.found()
        self._asking, self._downloading, self._polls = asking, downloading, polls
        self._client: Any = None
        self._digests = True

    def bring(self, dataset: str, request: dict[str, Any], target: Path, progress: Progress) -> None:
        """What the store makes of `request`, as `target`.

        An order that an earlier command has placed and not brought home keeps its place in the store's queue, and a transfer
        that broke off goes on: `<target>.order` remembers them.

        Raises: BadInput: the store refuses or stays away, the order fails, or the file does not come whole.
        """
        note = target.with_name(f"{target.name}.order")
        try:
            results = self._results(dataset, request, note)
            self._transfer(results, target, progress)
        except _Failed as failure:
            note.unlink(missing_ok=True)
            raise failure.sentence from failure
        note.unlink(missing_ok=True)

    def _results(self, dataset: str, request: dict[str, Any], note: Path) -> Any:
        earlier = _order_in(note, self._access.url, request)
        if earlier is not None:
            try:
                return self._wait(self._ask(lambda: self._connected().client.get_remote(earlier)))
            except _Failed:
                _log.info("order %s of an earlier command has come to nothing; it is placed again", earlier)
        remote = self._ask(lambda: self._connected().retrieve(dataset, request))
        placed = {"store": self._access.url, "request": request, "order": remote.request_id}
        write_atomically(note, json.dumps(placed).encode())
        return self._wait(remote)

    def _wait(self, remote: Any) -> Any:
        pause, longest = self._polls
        while not self._ask(lambda: remote.results_ready):
            time.sleep(pause)
            pause = min(1.5 * pause, longest)
        return self._ask(remote.get_results)

    def _transfer(self, results: Any, target: Path, progress: Progress) -> None:
        url, size, checksum = self._ask(lambda: (results.location, results.content_length, results.asset.get("file:checksum")))
        seen: list[str] = []

        def check(path: Path) -> None:
            if path.stat().st_size != size:
                raise BadInput(_STORE, expected=f"{size} bytes", found=str(path.stat().st_size), remedy=_AGAIN)
            digest = _md5(path)
            if self._digests and _differs(checksum, digest):
                if digest in seen:  # twice the same bytes: what the store calls a checksum is none of the content
                    self._digests = False
                    return
                seen.append(digest)
                raise BadInput(_STORE, expected=f"MD5 {checksum}", found=f"{digest}, also when fetched anew", remedy=_AGAIN)

        try:
            transfer(url, target, check=check, patience=self._downloading, progress=progress)
        except BadInput as error:
            sentence = BadInput(_STORE, expected=error.expected, found=self._safe(error.found), remedy=_AGAIN)
            if target.with_name(f"{target.name}.partial").exists():
                raise sentence from error
            raise _Failed(sentence) from error  # nothing that could go on

    def _connected(self) -> Any:
        if self._client is None:
            import cdsapi

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it asks for news, and warns where there is no answer
                self._client = cdsapi.Client(
                    url=self._access.url,
                    key=self._access.key,
                    quiet=True,
                    progress=False,
                    wait_until_complete=False,
                    timeout=self._asking.call,
                    retry_max=1,  # its own 500 attempts two minutes apart would take a day; `persistently` asks again
                    info_callback=_log.info,
                    warning_callback=_log.info,
                    error_callback=_log.info,
                )
        return self._client

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """An answer of the store, asked for again where that may help. Raises: BadInput; _Failed: where it is a refusal."""

        def attempt(_: float) -> Answer:
            try:
                return question()
            except requests.RequestException as error:
                reason = _passing(error)
                if reason is None:
                    raise
                raise Transient(reason) from error

        try:
            return persistently(attempt, self._asking)
        except GaveUp as error:
            found = f"{error}, {error.attempts} times in {error.seconds:.0f} s"
            raise BadInput(f"{_STORE} at {self._access.url}", expected="an answer", found=found, remedy=_AGAIN) from error
        except Exception as error:  # the client's libraries raise what they like: each means that the store has said no
            raise _Failed(self._refused(error)) from error

    def _refused(self, error: Exception) -> BadInput:
        said = self._safe(_line(error)) or type(error).__name__
        low, status = said.lower(), getattr(getattr(error, "response", None), "status_code", None)
        remedy = _AGAIN
        if isinstance(error, requests.exceptions.SSLError | ValueError | KeyError | TypeError | AttributeError | AssertionError):
            said = f"an answer that is not the store's ({said})"
            remedy = "check the address in ~/.cdsapirc or CDSAPI_URL; it should be https://cds.climate.copernicus.eu/api"
        elif "licence" in low or "license" in low:  # these two come with the same status as a missing permission
            remedy = "log in at cds.climate.copernicus.eu, open the dataset's page and accept its licence"
        elif "too large" in low or "cost limit" in low:
            remedy = "ask for a smaller region, or for fewer channels with --channel"
        elif status == 401 or "authentication" in low:
            remedy = "check the key in ~/.cdsapirc or CDSAPI_KEY against the one on your page of the store"
        elif status == 404:
            remedy = "check the address in ~/.cdsapirc or CDSAPI_URL; it should be https://cds.climate.copernicus.eu/api"
        elif status == 400:
            remedy = "correct the months, the region or the channels; ERA5-Land begins in 1950 and is about two months behind"
        return BadInput(f"{_STORE} at {self._access.url}", expected="the data ordered", found=f"'{said}'", remedy=remedy)

    def _safe(self, text: str) -> str:
        return _ADDRESS.sub(r"\1", text).replace(self._access.key, "…")[:300]


class _Failed(Exception):
    """What asking again does not mend, as a sentence."""

    def __init__(self, sentence: BadInput) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def _order_in(note: Path, store: str, request: dict[str, Any]) -> str | None:
    """The order for this request that an earlier command has placed."""
    try:
        placed = json.loads(note.read_bytes())
        same = placed["store"] == store and placed["request"] == request
        return str(placed["order"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _passing(error: requests.RequestException) -> str | None:
    """Why the question may be asked again; None where that is no use."""
    if error.response is not None:
        return f"HTTP {error.response.status_code}" if error.response.status_code in TRANSIENT else None
    if isinstance(error, requests.exceptions.JSONDecodeError):
        return "a page in the place of an answer"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError | ValueError):  # ValueError: an address that is none
        return None
    return "no connection"


def _differs(checksum: Any, md5: str) -> bool:
    """Whether a checksum that may be an MD5 (the store leaves out leading zeros) is another."""
    try:
        number = int(checksum, 16)
    except (TypeError, ValueError):
        return False
    return number.bit_length() <= 128 and number != int(md5, 16)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
