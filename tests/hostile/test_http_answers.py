"""Servers of classifiers that answer slowly, endlessly, hugely or in nonsense: a sentence with the address."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from diffex_cli.classifiers.backends import http_server
from diffex_cli.classifiers.backends.http import HttpClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import parse_spec

OK = b"HTTP/1.1 200 OK\r\n"
MODEL = b'{"model": "m", "labels": ["a", "b"]}'


def whole(body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return OK + lines + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def raw_server(answer: Callable[[], Iterator[bytes]], pause: float = 0.0) -> Iterator[str]:
    """Sends the pieces to whoever connects, with a pause between two, until nobody listens any more."""
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    if not connection.recv(65536):
                        continue
                    for piece in answer():
                        connection.sendall(piece)
                        if stopped.wait(pause):
                            return
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        stopped.set()
        # wakes accept() up
        socket.create_connection(listener.getsockname()).close()
        thread.join()


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(http_server.TOKEN, raising=False)
    monkeypatch.setattr(http_server, "FIRST_WAIT", 0.0)


def sentence(url: str, options: str = "retries=0") -> str:
    with pytest.raises(DiffexError) as caught:
        _ = HttpClassifier(parse_spec(f"http:{url}:{options}")).labels
    told = str(caught.value)
    assert url in told
    assert "\n" not in told
    return told


def trickle(content: bytes) -> Callable[[], Iterator[bytes]]:
    return lambda: (bytes([byte]) for byte in content)


def endless(start: bytes, piece: bytes) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        yield start
        while True:
            yield piece

    return pieces


@pytest.mark.parametrize(
    "answer",
    [
        trickle(OK + b"X-Padding: " + b"a" * 1000 + b"\r\n\r\n"),
        trickle(whole(MODEL + b" " * 1000)),
        endless(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    ],
    ids=["headers a byte at a time", "a body a byte at a time", "no end", "only ever processing"],
)
def test_an_answer_that_trickles_ends_at_the_deadline(answer: Callable[[], Iterator[bytes]]) -> None:
    with raw_server(answer, pause=0.01) as url:
        told = sentence(url, "timeout=5,deadline=0.2,retries=3")
    assert "did not finish its answer to /v1/model within 0.2 s" in told
    assert "deadline=SECONDS" in told


def test_after_a_deadline_the_server_can_be_asked_again() -> None:
    answers = iter([trickle(whole(MODEL + b" " * 1000)), lambda: iter([whole(MODEL)])])
    with raw_server(lambda: next(answers)(), pause=0.01) as url:
        model = HttpClassifier(parse_spec(f"http:{url}:deadline=0.2"))
        with pytest.raises(DiffexError, match="did not finish"):
            _ = model.labels
        assert model.labels == ("a", "b")


def test_no_more_than_the_limit_is_read() -> None:
    with raw_server(endless(OK + b"\r\n", b" " * 1000)) as url:
        told = sentence(url, "max_mb=0.01")
    assert "with more than 0.01 MB" in told
    assert "max_mb=N" in told


def test_what_counts_is_the_size_after_unpacking() -> None:
    packed = gzip.compress(MODEL + b" " * 20_000)
    assert len(packed) < 1000
    answer = whole(packed, b"Content-Encoding: gzip")
    with raw_server(lambda: iter([answer])) as url:
        assert "with more than 0.01 MB" in sentence(url, "max_mb=0.01")
        assert HttpClassifier(parse_spec(f"http:{url}:max_mb=0.03")).labels == ("a", "b")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "other than a JSON object"),
        (b"[]", "other than a JSON object"),
        (b"<html>", "not valid JSON"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"model": "m", "labels": ["a", "b"], "max_batch": ' + b"9" * 5000 + b"}", "too large"),
        (b'{"model": "m", "labels": ["a", "b"], "max_batch": NaN}', "NaN is not a number"),
        (b'{"model": "m", "model": "n", "labels": ["a"]}', "'model' is given twice"),
        (b'{"model": "\xff"}', "codec can't decode"),
    ],
)
def test_an_answer_that_is_no_json_object(body: bytes, why: str) -> None:
    with raw_server(lambda: iter([whole(body, b"Content-Type: text/html")])) as url:
        told = sentence(url)
    assert "answered /v1/model with something other than a JSON object" in told
    assert any(part in told for part in why.split("|"))


def test_half_an_answer_is_asked_for_again() -> None:
    answers = iter([whole(MODEL)[:-5], b"", b"nonsense\r\n\r\n", whole(MODEL)])
    with raw_server(lambda: iter([next(answers)])) as url:
        assert HttpClassifier(parse_spec(f"http:{url}")).labels == ("a", "b")
    with raw_server(lambda: iter([whole(MODEL)[:-5]])) as url:
        assert "cannot be reached" in sentence(url, "retries=1")


def test_an_overlong_wait_is_cut_and_no_number_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(http_server.time, "sleep", waits.append)
    head = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: "
    answers = iter([head + wait + b"\r\n\r\n" for wait in (b"9" * 400, b"-5", b"nan", b"1e999")] + [whole(MODEL)])
    with raw_server(lambda: iter([next(answers)])) as url:
        assert HttpClassifier(parse_spec(f"http:{url}")).labels == ("a", "b")
    assert waits[0] == http_server.LONGEST_WAIT
    assert all(0 <= wait <= http_server.LONGEST_WAIT for wait in waits)


def test_terminal_escapes_in_an_answer_are_cleaned() -> None:
    text = json.dumps({"error": "no\x1b]0;owned\x07\u202e\x9b31m\r\nError: all well"}).encode()
    head = b"HTTP/1.1 418 no\r\nContent-Length: %d\r\n\r\n" % len(text)
    with raw_server(lambda: iter([head + text])) as url:
        assert sentence(url).endswith("(418: no ]0;owned 31m Error: all well)")


def test_a_redirection_to_the_same_server_is_not_followed_either() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\x1b[2J\r\nContent-Length: 0\r\n\r\n"
    with raw_server(lambda: iter([head])) as url, pytest.raises(DiffexError) as caught:
        _ = HttpClassifier(parse_spec(f"http:{url}:retries=0")).labels
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize("option", ["deadline=0", "deadline=nan", "deadline=inf", "max_mb=-1", "max_mb=1e308"])
def test_limits_must_be_limits(option: str) -> None:
    with pytest.raises(UsageError, match="must be a number from"):
        HttpClassifier(parse_spec(f"http:http://127.0.0.1:1:{option}"))
