"""A verifier behind a server, over the wire."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier, open_verifier

SIGHTS = [Sight(Image.new("RGB", (4, 4), (shade, 0, 0))) for shade in (0, 51, 255)]
RED, BLUE = Attribute("red", "red", "a red one"), Attribute("blue", "blue", "a blue one")


class Eyes(ThreadingHTTPServer):
    """Sees how red a picture is, and cannot tell of anything else."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.says: dict[str, Any] = {"model": "eyes 1"}
        self.answer: dict[str, Any] = {}
        self.sizes: list[int] = []
        self.tokens: set[str | None] = set()

    @property
    def spec(self) -> str:
        return f"http:http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Eyes

    def do_GET(self) -> None:
        self._send(self.server.says if self.path == "/v1/verifier" else None)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        pictures = [Image.open(io.BytesIO(base64.b64decode(one))) for one in asked["images"]]
        self.server.sizes.append(len(pictures))
        reds = [np.asarray(picture)[..., 0].mean() / 255 for picture in pictures]
        rows = [[red if "red" in words else None for words in asked["attributes"]] for red in reds]
        self._send({"model": self.server.says["model"], "probabilities": rows, **self.server.answer})

    def _send(self, content: object) -> None:
        self.server.tokens.add(self.headers.get("authorization"))
        body = json.dumps(content).encode()
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def eyes() -> Iterator[Eyes]:
    with Eyes() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def opened(spec: str) -> OpenedVerifier:
    verifier = open_verifier(spec)
    assert verifier is not None
    return verifier


def test_pictures_and_words_go_there_and_probabilities_come_back(eyes: Eyes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFEX_HTTP_TOKEN", "mine")
    verifier = opened(f"{eyes.spec}:batch=2")
    np.testing.assert_allclose(verifier.seen(SIGHTS, [RED, BLUE]), [[0, np.nan], [0.2, np.nan], [1, np.nan]])
    assert eyes.sizes == [2, 1]
    assert eyes.tokens == {"Bearer mine"}
    assert verifier.costs is False


def test_the_server_says_how_many_and_whether_it_costs(eyes: Eyes) -> None:
    eyes.says |= {"max_batch": 1, "costs": True}
    verifier = opened(eyes.spec)
    verifier.seen(SIGHTS, [RED])
    assert (eyes.sizes, verifier.costs) == ([1, 1, 1], True)
    before = verifier.fingerprint
    eyes.says["model"] = "eyes 2"
    assert opened(eyes.spec).fingerprint != before
    with pytest.raises(DiffexError, match="now answers as the model 'eyes 2', but began as 'eyes 1'"):
        verifier.seen(SIGHTS, [RED])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"probabilities": [[0.5]]}, r"gave probabilities of shape \(1, 1\) for 3 images and 1 attributes"),
        ({"probabilities": "many"}, "not a table of numbers"),
        ({"probabilities": [[2], [0], [0]]}, r"gave 2 for the attribute 'red'"),
        ({"model": None}, "now answers as the model 'None'"),
    ],
)
def test_a_wrong_answer_is_told(eyes: Eyes, answer: dict[str, Any], said: str) -> None:
    eyes.answer = answer
    with pytest.raises(DiffexError, match=said):
        opened(eyes.spec).seen(SIGHTS, [RED])


@pytest.mark.parametrize("says", [{"model": ""}, {"model": "m", "max_batch": 0}, {"model": "m", "costs": "no"}])
def test_a_server_that_describes_itself_wrongly_is_told(eyes: Eyes, says: dict[str, Any]) -> None:
    eyes.says = says
    with pytest.raises(DiffexError, match="/v1/verifier"):
        _ = opened(eyes.spec).fingerprint


def test_a_server_of_something_else_is_told_where_the_protocol_stands(eyes: Eyes) -> None:
    with pytest.raises(UsageError, match=r"has no /v1/verifier .*docs/verifying\.md"):
        _ = opened(f"{eyes.spec}/elsewhere").fingerprint
