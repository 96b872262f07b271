"""Classifiers behind a server, over a real connection."""

from __future__ import annotations

import email.utils
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_server import ModelServer, serving
from PIL import Image

from diffex_cli.classifiers.backends import http_server
from diffex_cli.classifiers.backends.http import HttpClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

PICTURES = [Image.new("RGB", (4, 6), (10, 20, 30)), Image.new("L", (5, 5), 7), Image.new("RGB", (9, 9), (1, 2, 3))]
SCORES = [[10.0, 20.0, 30.0], [7.0, 7.0, 7.0], [1.0, 2.0, 3.0]]
SECRET = "s3cret-t0ken"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServer]:
    monkeypatch.delenv(http_server.TOKEN, raising=False)
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr(http_server.time, "sleep", found.append)
    return found


def classifier(server: ModelServer, options: str = "") -> HttpClassifier:
    return HttpClassifier(parse_spec(f"http:{server.url}{options}"))


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "http") is HttpClassifier


def test_scores_are_in_order_and_in_batches(server: ModelServer) -> None:
    model = classifier(server, ":batch=2")
    assert model.labels == ("red", "green", "blue")
    logits = model.logits(PICTURES)
    assert logits.dtype == np.float64
    np.testing.assert_array_equal(logits, SCORES)
    assert server.sizes == [2, 1]
    assert model.logits([]).shape == (0, 3)
    server.model["max_batch"] = 1
    classifier(server).logits(PICTURES)
    assert server.sizes[2:] == [1, 1, 1]


def test_the_fingerprint_is_of_the_model_not_of_the_address(server: ModelServer) -> None:
    first = classifier(server).fingerprint
    with serving() as elsewhere:
        assert classifier(elsewhere, ":batch=1,timeout=5").fingerprint == first
    server.model["model"] = "means 2"
    assert classifier(server).fingerprint != first
    assert server.url not in json.dumps(dict(classifier(server).settings))


def test_declared_probabilities_become_logits(server: ModelServer) -> None:
    server.model["labels"] = ["rust"]
    server.answer["scores"] = [[0.25], [0.5], [0.75]]
    model = classifier(server, ":kind=binary,values=probabilities")
    assert model.labels == ("not rust", "rust")
    logits = model.logits(PICTURES)
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], np.log([1 / 3, 1, 3]))
    assert model.fingerprint != classifier(server).fingerprint
    kinds = [classifier(server, f":kind={kind}").output_kind for kind in ("binary", "multilabel", "regression")]
    assert kinds == ["softmax", "multilabel", "regression"]


def test_another_model_in_the_middle_is_noticed(server: ModelServer) -> None:
    model = classifier(server)
    assert model.labels
    server.answer["model"] = "means 2"
    with pytest.raises(DiffexError, match="now answers as the model 'means 2', but began as 'means 1'"):
        model.logits(PICTURES)


@pytest.mark.parametrize("trouble", [429, 500, 502, 503, "break"])
def test_passing_troubles_are_waited_for(server: ModelServer, waits: list[float], trouble: Any) -> None:
    model = classifier(server)
    server.troubles = [trouble, trouble]
    assert model.labels == ("red", "green", "blue")
    server.troubles = [trouble]
    np.testing.assert_array_equal(model.logits(PICTURES), SCORES)
    assert waits == [0.5, 1.0, 0.5]


def test_the_server_says_how_long_to_wait(server: ModelServer, waits: list[float]) -> None:
    date = email.utils.formatdate(time.time() + 20, usegmt=True)
    server.troubles = [(429, {"Retry-After": value}, "") for value in ("7", date, "3600", "soon")]
    assert classifier(server).labels
    assert waits[0] == 7.0
    assert 15 < waits[1] <= 20
    assert waits[2:] == [60.0, 4.0]


def test_lasting_troubles_are_reported(server: ModelServer, waits: list[float]) -> None:
    server.troubles = [(503, {}, '{"error": "out of\\n\\u001b[31mpaint"}')] * 3
    with pytest.raises(DiffexError, match=r"out of \[31mpaint, 3 times in a row: check that it is running"):
        _ = classifier(server, ":retries=2").labels
    assert waits == [0.5, 1.0]


def test_nobody_there(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DiffexError, match=r"cannot be reached \(ConnectError: .*refused\), 2 times in a row"):
        _ = HttpClassifier(parse_spec(f"http:{url}:retries=1")).labels
    assert waits == [0.5]


def test_no_answer_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        spec = f"http:http://127.0.0.1:{deaf.getsockname()[1]}:timeout=0.1,retries=0"
        with pytest.raises(DiffexError, match=r"gave no answer within 0\.1 s: check that it is running"):
            _ = HttpClassifier(parse_spec(spec)).labels


def test_the_token_is_sent_and_never_told(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(http_server.TOKEN, SECRET)
    model = classifier(server)
    model.logits(PICTURES)
    assert [headers["authorization"] for _, _, headers in server.seen] == [f"Bearer {SECRET}"] * 2
    assert SECRET not in json.dumps(dict(model.settings))
    server.troubles = [(401, {}, json.dumps({"error": f"bad token {SECRET}"}))]
    with pytest.raises(
        UsageError, match=r"refuses the token \(401: bad token \*\*\*\): set DIFFEX_HTTP_TOKEN"
    ) as error:
        model.logits(PICTURES)
    assert SECRET not in str(error.value)


def test_a_token_is_asked_for(server: ModelServer) -> None:
    server.troubles = [403]
    with pytest.raises(UsageError, match=r"wants a token \(403\): set DIFFEX_HTTP_TOKEN"):
        _ = classifier(server).labels
    assert "authorization" not in server.seen[0][2]


def test_a_broken_token_is_not_told_either(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(http_server.TOKEN, f"{SECRET}\nX-Other: 1")
    with pytest.raises(UsageError, match="without line breaks") as error:
        _ = classifier(server).labels
    assert SECRET not in str(error.value)


def test_a_redirection_is_reported_and_not_followed(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(http_server.TOKEN, SECRET)
    with serving() as thief:
        server.troubles = [(307, {"Location": f"{thief.url}/v1/model"}, "")]
        with pytest.raises(UsageError, match=f"redirects to {thief.url}/v1/model: if you trust that address"):
            _ = classifier(server).labels
        assert thief.seen == []


@pytest.mark.parametrize(
    ("trouble", "kind", "message"),
    [
        (404, UsageError, r"has no /v1/scores \(404\): give the address below which it speaks the protocol"),
        (413, UsageError, "too large for the server .*: give a smaller batch=N"),
        ((400, {}, '{"error": "what?"}'), DiffexError, r"refuses /v1/scores \(400: what\?\)"),
        ((200, {}, "<html>"), DiffexError, "something other than a JSON object"),
        ((200, {}, "[1]"), DiffexError, "something other than a JSON object"),
        ((200, {"Content-Encoding": "gzip"}, "no gzip"), DiffexError, "an answer that cannot be read"),
    ],
)
def test_other_answers_are_not_repeated(server: ModelServer, trouble: Any, kind: type[Exception], message: str) -> None:
    model = classifier(server)
    assert model.labels
    server.troubles = [trouble]
    with pytest.raises(kind, match=message):
        model.logits(PICTURES)
    assert len(server.seen) == 2


def test_a_null_among_the_scores_costs_its_picture(server: ModelServer) -> None:
    server.answer = {"scores": [[1, 2, 3], [1, 2, None], [3, 2, 1]]}
    np.testing.assert_array_equal(classifier(server).logits(PICTURES), [[1, 2, 3], [np.nan] * 3, [3, 2, 1]])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"scores": [[1, 2, 3]]}, r"shape \(1, 3\) for 3 images and 3 classes"),
        ({"scores": "none"}, "not a table of numbers"),
        ({"scores": [[1, 2], [1]]}, "not a table of numbers"),
        ({"scores": None}, r"scores of shape \(\)"),
    ],
)
def test_what_is_no_score_is_refused(server: ModelServer, answer: dict[str, Any], message: str) -> None:
    server.answer = answer
    with pytest.raises(DiffexError, match=message):
        classifier(server).logits(PICTURES)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"model": ""}, 'must name the "model"'),
        ({"labels": []}, 'must list the "labels"'),
        ({"labels": ["a", 1]}, 'must list the "labels"'),
        ({"max_batch": 0}, '"max_batch" in /v1/model'),
        ({"max_batch": True}, '"max_batch" in /v1/model'),
    ],
)
def test_a_model_that_is_not_described_is_refused(server: ModelServer, model: dict[str, Any], message: str) -> None:
    server.model.update(model)
    with pytest.raises(DiffexError, match=message):
        _ = classifier(server).labels


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("http:", "names no server: write http:http://HOST:PORT"),
        ("http:localhost:8000", "names no server"),
        ("http://localhost:8000", "names no server"),
        ("http:ftp://localhost", "names no server"),
        ("http:http://localhost:batch=0", "batch must be a whole number from 1"),
        ("http:http://localhost:batch=2.5", "batch must be a whole number"),
        ("http:http://localhost:timeout=nan", "timeout must be a number from 0.1"),
        ("http:http://localhost:values=odds", "values must be one of logits, probabilities"),
        ("http:http://localhost:8000:bacht=3", "unknown option 'bacht' .*did you mean 'batch'"),
    ],
)
def test_a_wrong_spec_is_refused_at_once(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        HttpClassifier(parse_spec(spec))


@pytest.mark.parametrize("url", ["http://me:hidden@host", "http://host/?key=hidden", "http://host/#hidden"])
def test_secrets_in_the_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError, match=r"in(to)? DIFFEX_HTTP_TOKEN") as error:
        HttpClassifier(parse_spec(f"http:{url}"))
    assert "hidden" not in str(error.value)


@given(
    port=st.sampled_from(["", ":8000"]),
    path=st.sampled_from(["", "/", "/a=1", "/a=1/b:2", "/run:2/model=x"]),
    options=st.sampled_from(["", ":batch=7", ":batch=7,retries=0"]),
)
def test_a_url_may_hold_colons_and_equals_signs(port: str, path: str, options: str) -> None:
    model = HttpClassifier(parse_spec(f"http:https://host{port}{path}{options}"))
    assert model._server._address == f"https://host{port}{path}".rstrip("/")
    assert model._batch == (7 if options else 32)
