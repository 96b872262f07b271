"""A server that speaks the protocol of docs/classifiers.md, and misbehaves as a test asks."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from PIL import Image

LABELS = ["red", "green", "blue"]


class ModelServer(ThreadingHTTPServer):
    """Scores pictures by their mean colour.

    Attributes:
        model: what ``/v1/model`` answers.
        troubles: what the next requests meet, in order, instead of an answer: a status, a status with headers
            and body, or ``"break"``, a connection that is closed.
        seen: method, path and headers of every request.
        sizes: how many pictures each batch had.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model: dict[str, Any] = {"model": "means 1", "labels": LABELS}
        self.troubles: list[Any] = []
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.sizes: list[int] = []
        self.answer: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ModelServer

    def do_GET(self) -> None:
        self._respond(lambda _: self.server.model)

    def do_POST(self) -> None:
        self._respond(self._score)

    def _score(self, content: dict[str, Any]) -> dict[str, Any]:
        pictures = [Image.open(io.BytesIO(base64.b64decode(image))) for image in content["images"]]
        assert all((picture.format, picture.mode) == ("PNG", "RGB") for picture in pictures)
        self.server.sizes.append(len(pictures))
        scores = [np.asarray(picture, dtype=float).mean(axis=(0, 1)).tolist() for picture in pictures]
        return {"model": self.server.model["model"], "scores": scores, **self.server.answer}

    def _respond(self, make: Any) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
        if not self.server.troubles:
            self._send(200, {}, json.dumps(make(json.loads(content or "{}"))))
            return
        trouble = self.server.troubles.pop(0)
        if trouble == "break":
            self.close_connection = True
            self.connection.close()
            return
        status, headers, text = trouble if isinstance(trouble, tuple) else (trouble, {}, "")
        self._send(status, headers, text)

    def _send(self, status: int, headers: dict[str, str], text: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def finish(self) -> None:
        if not self.wfile.closed and self.connection.fileno() >= 0:
            super().finish()


@contextmanager
def serving() -> Iterator[ModelServer]:
    with ModelServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
