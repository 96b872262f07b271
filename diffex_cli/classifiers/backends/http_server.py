"""Talking JSON to a server that may be busy, wrong or gone: patience, the bearer token, and sentences for people."""

from __future__ import annotations

import email.utils
import functools
import os
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.plain_json import read_json

if TYPE_CHECKING:
    import httpx2

TOKEN = "DIFFEX_HTTP_TOKEN"  # noqa: S105 - the variable's name
"""The environment variable that holds the bearer token."""

FIRST_WAIT = 0.5
"""Seconds before a request is repeated for the first time; doubled for each further time."""

LONGEST_WAIT = 60.0
"""Seconds that a ``Retry-After`` of the server's is obeyed up to."""


class JsonServer:
    """A server below one address. Answers 429 and 5xx, time-outs and connections that fail or break are tried again,
    after what ``Retry-After`` says, else after 0.5 s, 1 s, 2 s … The bearer token goes to this server alone: a
    redirection is not followed but reported. ``timeout``: seconds to wait for a connection, and for each piece of an
    answer."""

    def __init__(self, address: str, timeout: float, retries: int) -> None:
        self._address = address
        self._timeout = timeout
        self._retries = retries

    def get(self, path: str) -> dict[str, Any]:
        return self._ask("GET", path, None)

    def post(self, path: str, content: Mapping[str, object]) -> dict[str, Any]:
        return self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: Mapping[str, object] | None) -> dict[str, Any]:
        import httpx2

        for attempt in range(self._retries + 1):
            wait = FIRST_WAIT * 2**attempt
            try:
                response = self._client.request(method, self._address + path, json=content)
            except httpx2.TimeoutException:
                trouble = f"gave no answer within {self._timeout:g} s"
            except httpx2.TransportError as error:
                trouble = f"cannot be reached ({type(error).__name__}: {self._clean(str(error))})"
            except (httpx2.DecodingError, UnicodeError) as error:
                raise DiffexError(f"{self._address} gave an answer that cannot be read: {error}") from None
            else:
                if response.status_code != 429 and response.status_code < 500:
                    return self._answer(response, path)
                trouble = f"answered {response.status_code}{self._told(response)}"
                wait = _retry_after(response.headers.get("retry-after")) or wait
            if attempt < self._retries:
                time.sleep(min(wait, LONGEST_WAIT))
        times = "" if self._retries == 0 else f", {self._retries + 1} times in a row"
        raise DiffexError(f"the server {self._address} {trouble}{times}: check that it is running, and try again")

    def _answer(self, response: httpx2.Response, path: str) -> dict[str, Any]:
        told = self._told(response)
        match response.status_code:
            case status if 300 <= status < 400:
                target = self._clean(response.headers.get("location", "nowhere"))
                raise UsageError(
                    f"the server {self._address} redirects to {target}: if you trust that address, give it instead"
                )
            case 401 | 403 as status:
                how = "refuses the token" if os.environ.get(TOKEN) else "wants a token"
                raise UsageError(f"the server {self._address} {how} ({status}{told}): set {TOKEN} to a valid one")
            case 404 | 405 as status:
                raise UsageError(
                    f"the server {self._address} has no {path} ({status}{told}): give the address below which it "
                    "speaks the protocol of docs/classifiers.md"
                )
            case 413 as status:
                raise UsageError(
                    f"a request is too large for the server {self._address} ({status}{told}): give a smaller batch=N"
                )
            case status if not 200 <= status < 300:
                raise DiffexError(f"the server {self._address} refuses {path} ({status}{told})")
        try:
            content = read_json(response.text, path, finite=False)
        except UsageError:
            content = None
        if not isinstance(content, dict):
            raise DiffexError(f"the server {self._address} answered {path} with something other than a JSON object")
        return content

    def _told(self, response: httpx2.Response) -> str:
        """The server's own words, ``{"error": …}``."""
        try:
            text = read_json(response.text, "the answer")["error"]
        except (UsageError, TypeError, KeyError):
            return ""
        return f": {self._clean(str(text))}"

    def _clean(self, text: str) -> str:
        """A foreign text on one line of reasonable length, without control characters and without the token."""
        token = os.environ.get(TOKEN)
        text = text.replace(token, "***") if token else text
        return "".join(character for character in " ".join(text.split()) if character.isprintable())[:200]

    @functools.cached_property
    def _client(self) -> httpx2.Client:
        """Keeps its connection from one request to the next."""
        import httpx2

        token = os.environ.get(TOKEN)
        if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
            raise UsageError(f"{TOKEN} is not a valid bearer token: set it again, without line breaks")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        client = httpx2.Client(headers=headers, timeout=self._timeout, follow_redirects=False)
        weakref.finalize(self, client.close)
        return client


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
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except ValueError:
        return None
