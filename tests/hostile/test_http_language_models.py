"""Services of language models that trickle, never end, send elsewhere or too much."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.registry import parse_spec
from diffex_cli.language_models import limits
from diffex_cli.language_models.anthropic import AnthropicModel
from diffex_cli.language_models.base import Question
from diffex_cli.language_models.openai import OpenAIModel

QUESTION = Question(
    system="Name attributes.",
    text="Name those of the head.",
    schema={"type": "object", "properties": {}, "required": [], "additionalProperties": False},
    name="attributes",
    max_tokens=1000,
)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    status, headers, body, pause = 200, dict[str, str](), b"{}", 0.0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.stopped = threading.Event()
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked.append(self.path)
        self.send_response(self.server.status)
        for name, value in {"content-type": "application/json", **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            for place in range(0, len(self.server.body), 1 if self.server.pause else 65536):
                self.wfile.write(self.server.body[place : place + (1 if self.server.pause else 65536)])
                if self.server.pause and self.server.stopped.wait(self.server.pause):
                    return
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.stopped.set()
        running.shutdown()
        thread.join()


def sentence(server: Server, provider: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret-0123456789")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    options = f"base_url={server.url},timeout=0.1,retries=0"
    model = (
        AnthropicModel(parse_spec(f"anthropic:m:{options}"))
        if provider == "anthropic"
        else OpenAIModel(parse_spec(f"openai:m:{options}"))
    )
    with pytest.raises(DiffexError) as caught:
        model.ask(QUESTION)
    assert server.url in str(caught.value)
    return str(caught.value)


pytestmark = pytest.mark.parametrize("provider", ["anthropic", "openai"])


def test_an_answer_that_trickles_ends(server: Server, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.body, server.pause = b" " * 10_000, 0.02
    assert "did not finish its answer within 0.3 s" in sentence(server, provider, monkeypatch)


def test_no_more_than_the_limit_is_read(server: Server, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BYTES", 10_000)
    server.body = b" " * 100_000
    assert "answers with more than 0.01 MB" in sentence(server, provider, monkeypatch)


def test_nothing_is_unpacked(server: Server, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.headers = {"content-encoding": "gzip"}
    assert "packs its answer, though it was asked not to" in sentence(server, provider, monkeypatch)


def test_no_key_goes_to_another_address(server: Server, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as thief:
        server.status, server.headers = 307, {"location": f"{thief.url}/v1/messages"}
        told = sentence(server, provider, monkeypatch)
        assert f"redirects to {thief.url}/v1/messages, where no key is sent" in told
        assert thief.asked == []
