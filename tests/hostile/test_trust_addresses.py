"""No secret and no picture goes to an address that only a run directory names."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import strangers
from fault_server import FaultServer
from model_server import ModelServer, serving
from strangers import STRANGER, diffex, is_refused, told

RUN_FILE = "stranger/run.yaml"


@pytest.fixture(autouse=True)
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    for name in ("DIFFEX_HTTP_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, f"the-{name}")
    monkeypatch.chdir(tmp_path)
    strangers.finished(tmp_path)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as one:
        yield one


@pytest.fixture
def model() -> Iterator[FaultServer]:
    with FaultServer() as one:
        yield one


STORED_CLASSIFIER = (
    ("score", "--editor", "tint:"),
    ("score", "--editor", "tint:", "--dry-run"),
    ("search", "--editor", "tint:"),
    ("search", "--editor", "tint:", "--no-fill"),
    ("search", "--editor", "tint:", "--dry-run"),
    ("classify", "pictures"),
)


@pytest.mark.parametrize("token", ["with a token", "without"])
def test_a_stored_server_gets_neither_token_nor_pictures(
    server: ModelServer, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    if token == "without":
        monkeypatch.delenv("DIFFEX_HTTP_TOKEN")
    strangers.names(classifier=f"http:{server.url}")
    for command in STORED_CLASSIFIER:
        assert is_refused(diffex(*command, "--run", STRANGER), RUN_FILE), command
    assert server.seen == []


def test_a_stored_server_that_verifies_gets_none_either(server: ModelServer) -> None:
    strangers.names(verifier=f"http:{server.url}", classifier="birds:species", editor="tint:")
    for command in (("verify",), ("verify", "--dry-run"), ("search",), ("search", "--dry-run")):
        result = diffex(*command, "--run", STRANGER)
        assert is_refused(result, RUN_FILE), command
        assert "DIFFEX_HTTP_TOKEN" in result.stderr
    assert server.seen == []


def test_a_stored_language_model_that_verifies_gets_nothing(model: FaultServer) -> None:
    for verifier, words in (
        (f"vlm:openai:eye:base_url={model.url}/v1", "pictures and the API key would be sent"),
        ("vlm:anthropic:claude-haiku-4-5", "sends the pictures to the service of a language model, at a price"),
        ("vlm:unknown:eye", "at a price"),
    ):
        strangers.names(verifier=verifier, classifier="birds:species", editor="tint:")
        for command in (("verify",), ("verify", "--dry-run"), ("search",), ("search", "--dry-run")):
            result = diffex(*command, "--run", STRANGER)
            assert is_refused(result, RUN_FILE), command
            assert words in " ".join(result.stderr.split())
    assert model.requests == []


def test_a_server_of_the_search_that_is_finished(server: ModelServer) -> None:
    strangers.searched_with(f"http:{server.url}")
    kept = STRANGER / "results" / "red"
    kept.mkdir(parents=True)
    for name in ("search.yaml", "ranking.parquet", "measured.parquet"):
        shutil.copy(STRANGER / name, kept / name)
    (STRANGER / "search.yaml").rename(STRANGER / "put-away.yaml")
    heat = ("report", kept, "--heatmap", "occlusion")
    assert is_refused(diffex(*heat), f"{kept}/search.yaml")
    (STRANGER / "put-away.yaml").rename(STRANGER / "search.yaml")
    for command in (
        ("report", "--run", STRANGER, "--heatmap", "occlusion"),
        ("study", "make", "--run", STRANGER, "--kind", "identify", "--heatmap", "occlusion", "--attributes", "1"),
        ("birds", "truth", "--run", STRANGER),
    ):
        assert is_refused(diffex(*command), "stranger/search.yaml"), command
    assert server.seen == []
    # the classifier is not what was searched, but it may be asked now
    assert "is not what it was" in diffex("report", "--run", STRANGER, "--heatmap", "occlusion", "--trust-run").stderr
    assert server.seen


def test_given_now_or_trusted_it_is_asked(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = f"http:{server.url}"
    strangers.names(classifier=spec)
    classify = ("classify", "pictures", "--run", STRANGER)
    Path("mine.yaml").write_text(json.dumps({"classifier": spec}))
    for more in (("--classifier", spec), ("--config", "mine.yaml"), ("--trust-run",)):
        told(*classify, *more)
    monkeypatch.setenv("DIFFEX_TRUST_RUN", "yes")
    told(*classify)
    monkeypatch.delenv("DIFFEX_TRUST_RUN")
    monkeypatch.setenv("DIFFEX_CLASSIFIER", spec)
    told(*classify)
    assert {headers["authorization"] for _, _, headers in server.seen} == {"Bearer the-DIFFEX_HTTP_TOKEN"}
    monkeypatch.delenv("DIFFEX_CLASSIFIER")
    # nothing of it was for more than the one command
    assert is_refused(diffex(*classify), RUN_FILE)


def test_who_gave_it_once_need_not_again_but_for_that_run_and_that_address_alone(server: ModelServer) -> None:
    spec = f"http:{server.url}"
    told("score", "--run", STRANGER, "--editor", "tint:", "--classifier", spec)
    told("search", "--run", STRANGER.absolute(), "--max-depth", "0")
    asked = len(server.seen)
    strangers.names(classifier=f"{spec}/other")
    assert is_refused(diffex("score", "--run", STRANGER), RUN_FILE)
    strangers.names(classifier=spec)
    shutil.copytree(STRANGER, "elsewhere")
    assert is_refused(diffex("score", "--run", "elsewhere"), "elsewhere/run.yaml")
    told("score", "--run", STRANGER)
    assert len(server.seen) > asked


ASK = ("corpus", "--run", STRANGER, "--force", "--depth", "1")


@pytest.mark.parametrize(
    ("stored", "given"),
    [
        ({"base_url": "{url}/v1"}, ("--provider", "openai:gpt")),
        ({"base_url": "{url}"}, ("--provider", "anthropic")),
        ({"base_url": "{url}", "provider": "anthropic"}, ("--provider", "anthropic")),
        ({"base_url": "{url}/v1", "provider": "openai:gpt"}, ()),
        ({"provider": "openai:gpt:base_url={url}/v1"}, ()),
        ({"provider": "anthropic::base_url={url}"}, ()),
        ({"merge": ["openai:gpt:base_url={url}/v1"], "provider": "bundled"}, ()),
    ],
)
def test_a_stored_address_gets_no_key(model: FaultServer, stored: dict[str, object], given: tuple[str, ...]) -> None:
    strangers.names(**json.loads(json.dumps(stored).replace("{url}", model.url)))
    assert is_refused(diffex(*ASK, *given), RUN_FILE)
    assert is_refused(diffex(*ASK, *given, "--dry-run"), RUN_FILE)
    if "merge" not in stored:
        assert is_refused(diffex("corpus", "grow", "--run", STRANGER, *given), RUN_FILE)
    assert model.requests == []


def test_an_address_beside_a_studys_page(model: FaultServer) -> None:
    told("study", "make", "--run", STRANGER, "--kind", "quality", "--out", STRANGER)
    strangers.names(base_url=f"{model.url}/v1")
    answer = ("study", "answer", STRANGER / "page.html", "--rater", "openai:gpt")
    assert is_refused(diffex(*answer), RUN_FILE)
    assert is_refused(diffex(*answer, "--dry-run"), RUN_FILE)
    assert model.requests == []
    diffex(*answer, "--base-url", f"{model.url}/v1")
    assert {request.headers["authorization"] for request in model.requests} == {"Bearer the-OPENAI_API_KEY"}


def test_a_run_cannot_vouch_for_itself(server: ModelServer) -> None:
    strangers.names(classifier=f"http:{server.url}", trust_run=True)
    result = diffex("classify", "pictures", "--run", STRANGER)
    assert result.exit_code == 2
    assert "stranger/run.yaml: trust_run: is not a run directory's to say" in result.stderr
    assert server.seen == []


def test_trust_is_not_kept(server: ModelServer) -> None:
    strangers.names(classifier=f"http:{server.url}", editor="tint:")
    told("score", "--run", STRANGER, "--trust-run")
    assert is_refused(diffex("classify", "pictures", "--run", STRANGER), RUN_FILE)
    assert "trust_run" not in (STRANGER / "run.yaml").read_text()
