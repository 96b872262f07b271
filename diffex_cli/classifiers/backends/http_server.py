"""Talking JSON to a server that may be busy, wrong or gone: patience, the bearer token, and sentences for people."""

from __future__ import annotations

import dataclasses
import email.utils
import functools
import os
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.plain_json import read_json
from diffex_cli.core.printable import one_line_of
from diffex_cli.core.time_limits import within

if TYPE_CHECKING:
    import httpx2

TOKEN = "DIFFEX_HTTP_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable that holds the bearer token."""

FIRST_WAIT = 0.5
"""Seconds before a request is repeated for the first time; doubled for each further time."""

LONGEST_WAIT = 60.0
"""Seconds that a ``Retry-After`` of the server's is obeyed up to."""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much.

    Attributes:
        timeout: seconds to wait for a connection, and for each piece of an answer.
        deadline: seconds that one whole answer may take, however many pieces it comes in.
        retries: of a request.
        megabytes: of an answer, unpacked.
    """

    timeout: float
    deadline: float
    retries: int
    megabytes: float


@dataclasses.dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    content: bytes


class JsonServer:
    """A server below one address. Answers 429 and 5xx, time-outs and connections that fail or break are tried again,
    after what ``Retry-After`` says, else after 0.5 s, 1 s, 2 s … An answer that is beyond a limit is not asked for
    again. The bearer token goes to this server alone: a redirection is not followed but reported. ``page``: where its
    protocol is described."""

    def __init__(self, address: str, limits: Limits, page: str = "docs/classifiers.md") -> None:
        self._address = address
        self._limits = limits
        self._page = page

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def post(self, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        return self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: Mapping[str, object] | None) -> dict[str, Any]:
        import httpx2

        tries = self._limits.retries + 1
        for attempt in range(tries):
            wait = FIRST_WAIT * 2**attempt
            try:
                answer = self._request(method, path, content)
            except httpx2.TimeoutException:
                trouble = f"gave no answer within {self._limits.timeout:g} s"
            except httpx2.TransportError as error:
                trouble = f"cannot be reached ({type(error).__name__}: {self._clean(str(error))})"
            except (httpx2.DecodingError, UnicodeError) as error:
                raise DiffexError(
                    f"{self._address} gave an answer that cannot be read: {self._clean(str(error))}"
                ) from None
            else:
                if answer.status != 429 and answer.status < 500:
                    return self._content(answer, path)
                trouble = f"answered {answer.status}{self._told(answer)}"
                wait = _retry_after(answer.headers.get("retry-after")) or wait
            if attempt + 1 < tries:
                time.sleep(min(wait, LONGEST_WAIT))
        times = "" if tries == 1 else f", {tries} times in a row"
        raise DiffexError(f"the server {self._address} {trouble}{times}: check that it is running, and try again")

    def _request(self, method: str, path: str, content: Mapping[str, object] | None) -> _Answer:
        """One answer, whole, within the limits."""
        client, limits = self._client, self._limits
        try:
            return within(limits.deadline, lambda: self._read(client, method, path, content))
        except TimeoutError:
            client.close()
            del self._client
            raise DiffexError(
                f"the server {self._address} did not finish its answer to {path} within {limits.deadline:g} s: check "
                "the server, give a smaller batch=N, or allow more with deadline=SECONDS"
            ) from None

    def _read(self, client: httpx2.Client, method: str, path: str, content: Mapping[str, object] | None) -> _Answer:
        most = int(self._limits.megabytes * 1e6)
        parts: list[bytes] = []
        with client.stream(method, self._address + path, json=content) as response:
            size = 0
            # unpacked piece by piece, so that a small answer that unpacks to a large one never gets there
            for part in response.iter_bytes():
                size += len(part)
                if size > most:
                    raise DiffexError(
                        f"the server {self._address} answers {path} with more than {self._limits.megabytes:g} MB: give "
                        "a smaller batch=N, or allow more with max_mb=N"
                    )
                parts.append(part)
            return _Answer(response.status_code, response.headers, b"".join(parts))

    def _content(self, answer: _Answer, path: str) -> dict[str, Any]:
        told = self._told(answer)
        match answer.status:
            case status if 300 <= status < 400:
                target = self._clean(answer.headers.get("location", "nowhere"))
                raise UsageError(
                    f"the server {self._address} redirects to {target}: if you trust that address, give it instead"
                )
            case 401 | 403 as status:
                how = "refuses the token" if os.environ.get(TOKEN) else "wants a token"
                raise UsageError(f"the server {self._address} {how} ({status}{told}): set {TOKEN} to a valid one")
            case 404 | 405 as status:
                raise UsageError(
                    f"the server {self._address} has no {path} ({status}{told}): give the address below which it "
                    f"speaks the protocol of {self._page}"
                )
            case 413 as status:
                raise UsageError(
                    f"a request is too large for the server {self._address} ({status}{told}): give a smaller batch=N"
                )
            case status if not 200 <= status < 300:
                raise DiffexError(f"the server {self._address} refuses {path} ({status}{told})")
        try:
            content = _json(answer.content)
            why = ""
        except (UnicodeDecodeError, UsageError) as error:
            content, why = None, f" ({self._clean(one_line(error))})"
        if not isinstance(content, dict):
            raise DiffexError(
                f"the server {self._address} answered {path} with something other than a JSON object{why}"
            )
        return content

    def _told(self, answer: _Answer) -> str:
        """The server's own words, ``{"error": …}``."""
        try:
            text = _json(answer.content)["error"]
        except (UnicodeDecodeError, UsageError, TypeError, KeyError):
            return ""
        return f": {self._clean(str(text))}"

    def _clean(self, text: str) -> str:
        """A foreign text on one line of reasonable length, without control characters and without the token."""
        token = os.environ.get(TOKEN)
        return one_line_of(text.replace(token, "***") if token else text)[:200]

    @functools.cached_property
    def _client(self) -> httpx2.Client:
        """Keeps its connection from one request to the next."""
        import httpx2

        token = os.environ.get(TOKEN)
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise UsageError(f"{TOKEN} is not a valid bearer token: set it again, without line breaks")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx2.Client(headers=headers, timeout=self._limits.timeout, follow_redirects=False)
        weakref.finalize(self, client.close)
        return client


def _json(content: bytes) -> Any:
    """Raises UnicodeDecodeError or UsageError if it is none."""
    return read_json(content.decode("utf-8-sig"), "the answer")


def parse_address(text: str, spec: str) -> str:
    """An address without its trailing slash."""
    import httpx2

    try:
        url = httpx2.URL(text)
    except httpx2.InvalidURL as error:
        raise UsageError(f"{spec!r}: {text!r} is not an address: {error}") from None
    if url.userinfo or url.query or url.fragment:
        raise UsageError(
            f"the address of the server {url.host} must not contain a password, ? or #: put a secret into {TOKEN}"
        )
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError(f"{spec!r} names no server: write http:http://HOST:PORT or http:https://HOST/PATH")
    return text.rstrip("/")


def _retry_after(text: str | None) -> float | None:
    """Seconds that a ``Retry-After`` asks for, as a number or a date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text[:20])
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
