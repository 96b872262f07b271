"""What checks an explanation is neither what is explained nor what wrote the attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffex_cli.artifacts.provenance import authors
from diffex_cli.core.errors import UsageError
from diffex_cli.verifiers.independence import check_classifier, check_writer
from diffex_cli.verifiers.opened import open_verifier


@pytest.mark.parametrize(
    ("verifier", "classifier"),
    [
        ("clip:openai/clip-vit-base-patch32", "clip:OpenAI/clip-vit-base-patch32:labels=labels.txt"),
        ("clip:openai/clip-vit-base-patch32", "transformers:openai/clip-vit-base-patch32"),
        ("birds:probe", "birds:probe"),
        ("python:mine:f", "python:mine:f:version=2"),
        ("clip:a-folder", "clip:./a-folder/"),
    ],
)
def test_the_classifier_does_not_check_itself(
    verifier: str, classifier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-folder").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="is the classifier that is explained"):
        check_classifier(verifier, classifier)


@pytest.mark.parametrize(
    ("verifier", "classifier"),
    [
        ("clip:openai/clip-vit-base-patch32", "clip:openai/clip-vit-base-patch16"),
        ("birds:probe", "birds:species"),
        ("birds:probe", ""),
        ("python:mine:seen", "python:mine:logits"),
        ("http:http://localhost:8000", "http:http://localhost:8000"),  # may serve two models
        ("clip:small", "timm:small"),
        ("vlm:openai:eye", "python:eye:f"),
        ("clip:" + "x" * 9000, "clip:" + "y" * 9000),
    ],
)
def test_another_model_may(verifier: str, classifier: str) -> None:
    check_classifier(verifier, classifier)


WROTE = {"provider": "anthropic:claude-haiku-4-5", "model": "claude-haiku-4-5"}


@pytest.mark.parametrize(
    "provenance",
    [
        {"settings": WROTE},
        {"settings": {"provider": "file", "further": [WROTE]}},
        {"settings": {"provider": "file", "authors": [WROTE]}},
        {"settings": {"provider": "bundled"}, "grown": [{"settings": WROTE, "added": ["x"]}]},
        {"settings": {"model": "Claude-Haiku-4-5-20251001"}},
    ],
)
def test_the_corpus_writer_is_refused_unless_asked(provenance: dict[str, object]) -> None:
    verifier, asked = (
        open_verifier("vlm:anthropic:claude-haiku-4-5"),
        open_verifier("vlm:anthropic:claude-haiku-4-5:writer=yes"),
    )
    assert verifier is not None
    assert asked is not None
    with pytest.raises(UsageError, match=r"wrote the corpus, claude-haiku-4-5, .* add the option writer=yes"):
        check_writer(verifier, authors(provenance))
    check_writer(asked, authors(provenance))
    other = open_verifier("vlm:anthropic:claude-opus-4-5")
    assert other is not None
    check_writer(other, authors(provenance))


@pytest.mark.parametrize(
    "provenance",
    [{}, {"settings": None}, {"settings": {"further": WROTE, "model": 3}}, {"grown": ["x", {"settings": [WROTE]}]}],
)
def test_a_strange_provenance_names_nobody(provenance: dict[str, object]) -> None:
    assert authors(provenance) == []
