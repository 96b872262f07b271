"""What the user is told when a provider breaks, through the real SDKs."""

import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fault_server import FaultServer, Reply

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.language_models.base import LanguageModel, MalformedAnswer, Question, RefusedAnswer, Usage

Connect = Callable[..., LanguageModel]
TRUNCATED = '{"attributes": ["beak", "cre'

pytestmark = pytest.mark.parametrize("provider", ["anthropic", "openai"])

FAULTS = {
    "401": (Reply(401, "invalid x-api-key"), UsageError, "does not accept the key in {key}", 1),
    "402": (Reply(402, "pay"), DiffexError, "no credit left", 1),
    "low credit": (Reply(400, "Your credit balance is too low"), DiffexError, "no credit left", 1),
    "quota": (Reply(429, "no", code="insufficient_quota"), DiffexError, "no credit left", 2),
    "403": (Reply(403, "not yours"), UsageError, "does not allow the key in {key} to use '{model}' (not yours)", 1),
    "404": (Reply(404, "model: nope"), UsageError, "has no model '{model}' (model: nope): name another", 1),
    "413": (Reply(413, "too big"), UsageError, "fewer or smaller images", 1),
    "400": (Reply(400, "effort: not for this model"), UsageError, "HTTP 400 (effort: not for this model)", 1),
    "429": (Reply(429, "slow down", headers={"retry-after": "7"}), DiffexError, "when asked 2 times: wait 7 s", 2),
    "429 for an hour": (
        Reply(429, "slow down", headers={"retry-after": "3600", "retry-after-ms": ""}),
        DiffexError,
        "will take no questions for 3600 s: run the same",
        1,
    ),
    "500": (Reply(500, "oops"), DiffexError, "fails: HTTP 500 when asked 2 times (oops); run the same", 2),
    "529": (Reply(529, "Overloaded"), DiffexError, "is overloaded: HTTP 529 when asked 2 times", 2),
    "502 page": (Reply(502, raw="<html>Bad gateway</html>", media_type="text/html"), DiffexError, "HTTP 502", 2),
    "connection cut": (Reply(missing=10), DiffexError, "cannot be reached, tried 2 times (the connection broke)", 2),
    "web page": (
        Reply(raw="<html>Hello</html>", media_type="text/html"),
        DiffexError,
        "an answer that cannot be read",
        1,
    ),
    "truncated body": (Reply(raw='{"id": "x", "con'), DiffexError, "an answer that cannot be read", 1),
    "timeout": (Reply(delay=5), DiffexError, "did not answer within 0.2 s, tried 2 times", 2),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_tells_what_to_do(provider: str, fault: str, server: FaultServer, connect: Connect, question: Question) -> None:
    reply, kind, words, tries = FAULTS[fault]
    server.script(reply)
    model = connect(provider, server.url, timeout=0.2 if fault == "timeout" else 5)
    with pytest.raises(DiffexError) as caught:
        model.ask(question)
    names = {"anthropic": ("ANTHROPIC_API_KEY", "claude-opus-5-5"), "openai": ("OPENAI_API_KEY", "qwen2.5vl:7b")}
    key, name = names[provider]
    message = str(caught.value)
    assert words.format(key=key, model=name) in message
    assert type(caught.value) is kind
    assert message.startswith(("the server at http://127.0.0.1:", "the question is too large"))
    assert "\n" not in message
    assert len(server.requests) == tries


def test_keeps_the_key_out_of_errors(
    provider: str, server: FaultServer, connect: Connect, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "made-up-0123456789"
    monkeypatch.setenv(f"{provider.upper()}_API_KEY", key)
    server.script(Reply(400, f"You sent the key {key} and not sk-****6789"))
    with pytest.raises(UsageError) as caught:
        connect(provider, server.url).ask(question)
    assert "You sent the key … and not …" in str(caught.value)
    assert key in str(server.requests[0].headers)


def test_asks_again_until_it_works(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(Reply(missing=10), Reply(429, "slow down"), Reply(500, "oops"), Reply())
    assert connect(provider, server.url, retries=3).ask(question).content == {"attributes": ["beak"]}
    assert len(server.requests) == 4


def test_no_server(provider: str, connect: Connect, question: Question) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DiffexError, match=r"cannot be reached, tried once \(the connection was refused\): check that"):
        connect(provider, url, retries=0).ask(question)


def test_no_such_host(provider: str, connect: Connect, question: Question) -> None:
    with pytest.raises(DiffexError, match=r"cannot be reached, tried once \(its name is not known here\)"):
        connect(provider, "http://nowhere.invalid", retries=0).ask(question)


def test_https_to_a_server_without(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    with pytest.raises(UsageError, match=r"there is no TLS at the server at https://127.*write http://"):
        connect(provider, server.url.replace("http", "https"), retries=0).ask(question)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_foreign_certificate(
    provider: str, tmp_path: Path, connect: Connect, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", certificate, "-out", tmp_path / "certificate.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    authority = tmp_path / "certificate.pem"
    certificate.write_text(certificate.read_text() + authority.read_text())
    with FaultServer(certificate) as server:
        with pytest.raises(UsageError, match=r"TLS certificate .* cannot be trusted \(self-signed.*SSL_CERT_FILE"):
            connect(provider, server.url, retries=0).ask(question)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        assert connect(provider, server.url, retries=0).ask(question).content == {"attributes": ["beak"]}


def test_cut_off_at_the_limit(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(Reply(text=TRUNCATED, stop="max_tokens"))
    with pytest.raises(
        MalformedAnswer, match=r"broke off after 20 of 77 tokens: allow longer ones .*max_tokens"
    ) as caught:
        connect(provider, server.url, max_tokens=77).ask(question)
    assert caught.value.text == TRUNCATED
    assert caught.value.usage == Usage(200, 20, 70)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TRUNCATED, "stops in the middle of its JSON object, though not at the limit of "),
        ("I see a bird.", "does not hold a JSON object of the wanted form (it begins 'I see a bird.')"),
        ("", "does not hold a JSON object of the wanted form (it is empty)"),
    ],
)
def test_malformed(
    provider: str, text: str, words: str, server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(Reply(text=text))
    with pytest.raises(MalformedAnswer) as caught:
        connect(provider, server.url).ask(question)
    assert words in str(caught.value)
    assert caught.value.text == text
    assert caught.value.usage.output_tokens == 20


def test_refusal(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(Reply(text="", stop="refusal", explanation="I would rather not."))
    with pytest.raises(RefusedAnswer, match=r"declines to answer \(I would rather not\.\)") as caught:
        connect(provider, server.url).ask(question)
    assert caught.value.text == "I would rather not."
    assert caught.value.usage == Usage(200, 20, 70)


def test_huge_answer(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    names = [f"attribute {index} " + "x" * 100 for index in range(50_000)]
    server.script(Reply(text=json.dumps({"attributes": names})))
    content: Any = connect(provider, server.url, max_tokens=100_000, timeout=30).ask(question).content
    assert content["attributes"] == names


def test_wants_a_key(
    provider: str, server: FaultServer, connect: Connect, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"{provider.upper()}_API_KEY"
    monkeypatch.delenv(variable)
    server.script(Reply(401, "no key"))
    with pytest.raises(UsageError, match=f"set the environment variable {variable}"):
        connect(provider, server.url).ask(question)
