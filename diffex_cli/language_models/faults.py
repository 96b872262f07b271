"""What a user is told when a provider's SDK gives up.

Both SDKs come from the same generator, so that their errors have the same names.
"""

from __future__ import annotations

import dataclasses
import re
import ssl
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.printable import one_line_of
from diffex_cli.language_models.limits import BeyondLimit

# Longer waits than this are for the user to sit through, not for a program.
MAX_WAIT = 120.0
_SHOWN = 200
_AGAIN = "run the same command again later"
_TRY_FORMAT = re.compile(
    r"response.?format|json.?(schema|mode|object)|output_config|output_format|structured.?output|schema|grammar|guided",
    re.IGNORECASE,
)
_NOT_TAKEN = re.compile(
    r"(un|not |n't )(support|recogni[sz]|know|expect|permit|allow)|deprecated|extra|instead|invalid (param|arg)",
    re.IGNORECASE,
)


class ErrorAnswer(Exception):  # noqa: N818
    """An answer with HTTP 200 whose body is no answer but tells of an error.

    Attributes:
        body: what stands in it.
        status_code: the status that the body tells, as gateways hand it on; 200 if it tells none.
    """

    def __init__(self, body: Mapping[str, Any] | None) -> None:
        super().__init__("the answer is an error")
        self.body = dict(body or {})
        told = [self.body, self.body.get("error")]
        names = ("code", "status", "status_code")
        codes = [str(part.get(name)) for part in told if isinstance(part, dict) for name in names]
        self.status_code = next((int(code) for code in codes if re.fullmatch("[45][0-9][0-9]", code)), 200)


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """Whom we talk to.

    Attributes:
        who: as in "Anthropic" or "the server at http://localhost:8000/v1".
        provider: the spec's first word.
        variable: of the environment, which holds the key.
        key: to be kept out of every sentence; ``None`` if there is none.
    """

    who: str
    provider: str
    model: str
    variable: str
    key: str | None = dataclasses.field(repr=False)
    timeout: float
    retries: int


def explain(error: Exception, sdk: ModuleType, service: Service) -> DiffexError:
    """An SDK's error as one sentence with a remedy, without the key: a UsageError if the user can mend it."""
    retried = service.retries and not isinstance(error, ErrorAnswer)
    tries = f"{service.retries + 1} times" if retried else "once"
    beyond = next((cause for cause in _causes(error) if isinstance(cause, BeyondLimit)), None)
    if beyond is not None:
        return DiffexError(f"{service.who} {beyond}, tried {tries}: check the address and the server")
    if isinstance(error, sdk.APIStatusError) and 300 <= error.status_code < 400:
        target = one_line_of(error.response.headers.get("location", "nowhere"))[:_SHOWN]
        return UsageError(
            f"{service.who} redirects to {target}, where no key is sent: if you trust that address, give it as base_url"
        )
    if isinstance(error, sdk.APITimeoutError):
        return DiffexError(
            f"{service.who} did not answer within {service.timeout:g} s, tried {tries}: {_AGAIN}, or allow more with "
            "the option timeout=SECONDS in --provider"
        )
    if isinstance(error, sdk.APIConnectionError):
        return _unreachable(error, service, tries)
    if isinstance(error, ErrorAnswer) and error.status_code == 200 and _said(error, service.key):
        return DiffexError(
            f"{service.who} answers the question for {service.model!r} with an error ({_said(error, service.key)}): "
            f"change the model or its options in --provider, or {_AGAIN}"
        )
    if isinstance(error, sdk.APIStatusError | ErrorAnswer) and error.status_code >= 400:
        return _status(error.status_code, _said(error, service.key), _waits(error), service, tries)
    if isinstance(error, sdk.APIStatusError):  # an error after the first words of a streamed answer
        said = _said(error, service.key)
        return DiffexError(
            f"{service.who} broke off in the middle of its answer{f' ({said})' if said else ''}: {_AGAIN}"
        )
    return DiffexError(
        f"{service.who} gave an answer that cannot be read: {_AGAIN}; if that does not help, the address is not that "
        "of this kind of server"
    )


def too_slow(service: Service, seconds: float) -> DiffexError:
    return DiffexError(
        f"{service.who} did not finish its answer within {seconds:g} s: {_AGAIN}, or allow more with the option "
        "timeout=SECONDS in --provider"
    )


def blames_format(error: Exception, sdk: ModuleType) -> bool:
    """Whether a server turned the question down because it cannot hold an answer to a schema."""
    return _turned_down(error, sdk) and bool(_TRY_FORMAT.search(_said(error)))


def blames_limit(error: Exception, sdk: ModuleType, sent: str, other: str) -> bool:
    """Whether a server turned the question down because it knows the limit by its other name."""
    if not _turned_down(error, sdk):
        return False
    said = _said(error)
    return bool(re.search(rf"\b{other}\b", said) or (re.search(rf"\b{sent}\b", said) and _NOT_TAKEN.search(said)))


def blames_probabilities(error: Exception, sdk: ModuleType) -> bool:
    """Whether a service turned the question down because it does not tell tokens' probabilities, or not of so many, or
    because its model cannot answer in a word."""
    turned_down = _turned_down(error, sdk) or getattr(error, "status_code", 0) == 403
    return turned_down and bool(re.search("logprob|output limit was reached", _said(error)))


def _turned_down(error: Exception, sdk: ModuleType) -> bool:
    if not isinstance(error, sdk.APIStatusError | ErrorAnswer):
        return False
    return getattr(error, "status_code", 0) in (200, 400, 404, 422, 500, 501)


def check_header(variable: str, value: str) -> None:
    """Refuse a value of the environment that HTTP cannot carry in a header; the sentence does not tell the value."""
    found = re.search(r"[^\x21-\x7e]", value)
    if found is None:
        return
    if found[0] in "\r\n":
        what = "a line break"
    elif found[0].isspace():
        what = "a blank"
    else:
        what = "a character that is no ASCII letter, digit or sign"
    raise UsageError(
        f"the environment variable {variable} holds {what}, which no key has: set it again to the key alone, without "
        "anything before, within or after it"
    )


def _status(status: int, said: str, wait: float | None, service: Service, tries: str) -> DiffexError:
    who, model, variable = service.who, service.model, service.variable
    because = f" ({said})" if said else ""
    if status == 401:
        if service.key is None:
            return UsageError(f"{who} asks for a key: set the environment variable {variable}")
        return UsageError(f"{who} does not accept the key in {variable}: check it, or make a new one")
    if status == 402 or re.search(r"insufficient_quota|exceeded your current quota|credit balance|billing", said):
        return DiffexError(f"{who} says that the account has no credit left: add some, then run the same command again")
    if status == 403:
        return UsageError(f"{who} does not allow the key in {variable} to use {model!r}{because}: choose another model")
    if status == 404:
        return UsageError(
            f"{who} has no model {model!r}{because}: name another with --provider {service.provider}:MODEL, "
            "or correct the address if it is your own server's"
        )
    if status == 413:
        return UsageError(f"the question is too large for {who}{because}: give fewer or smaller images")
    if status == 429:
        if wait is not None and wait > MAX_WAIT:
            return DiffexError(f"{who} will take no questions for {wait:.0f} s: run the same command again after that")
        pause = f"wait {wait:.0f} s" if wait else "wait some minutes"
        return DiffexError(
            f"{who} limits how much may be asked per minute, and still did when asked {tries}: {pause}, then run the "
            "same command again"
        )
    if status < 500 and status not in (408, 409):
        return UsageError(
            f"{who} turned the question for {model!r} down with HTTP {status}{because}: change the model or its "
            "options in --provider"
        )
    state = "is overloaded" if status in (503, 529) else "fails"
    return DiffexError(f"{who} {state}: HTTP {status} when asked {tries}{because}; {_AGAIN}")


def _unreachable(error: Exception, service: Service, tries: str) -> DiffexError:
    causes = list(_causes(error))
    text = " ".join(str(cause) for cause in causes)
    untrusted = re.search(r"certificate verify failed: ([^([]+)", text, re.IGNORECASE)
    if untrusted:
        return UsageError(
            f"the TLS certificate of {service.who} cannot be trusted ({untrusted[1].strip()}): correct the address, "
            "or name the file of your own authority's certificates in the environment variable SSL_CERT_FILE"
        )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return UsageError(
            f"there is no TLS at {service.who}: write http:// instead of https:// if it is your own server"
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes) or "refused" in text:
        reason = "the connection was refused"
    elif re.search(r"Name or service|nodename|getaddrinfo|resolution", text):
        reason = "its name is not known here"
    else:
        reason = "the connection broke"
    return DiffexError(
        f"{service.who} cannot be reached, tried {tries} ({reason}): check that it is running and that the network "
        "works, and the address in base_url if you gave one"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _said(error: Exception, key: str | None = None) -> str:
    """The server's own words, shortened, with anything that looks like a key taken out."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = next(filter(None, (body.get(key) for key in ("error", "errors", "detail"))), body)
        inner = inner[0] if isinstance(inner, list) else inner
        body = inner
        if isinstance(inner, dict):
            body = next((inner[key] for key in ("message", "msg", "detail") if isinstance(inner.get(key), str)), None)
        code = inner.get("code") if isinstance(inner, dict) else None
        body = f"{body}, {code}" if isinstance(code, str) and body else body or code
    text = one_line_of(body) if isinstance(body, str) else ""
    if text.startswith("<"):
        return ""  # a web page, for example of a proxy
    text = text.replace(key, "…") if key else text
    return re.sub(r"\bsk-[\w*.-]+", "…", text)[:_SHOWN]


def _waits(error: Exception) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", {})
    try:
        return float(headers.get("retry-after", ""))
    except ValueError:
        return None
