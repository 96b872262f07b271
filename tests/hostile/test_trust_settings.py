"""Settings that failed do not stick; those of work that was interrupted, or that had begun well, do."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import strangers
import yaml
from strangers import STRANGER, diffex, told

FAILING = """\
import colour_classifier

LABELS = colour_classifier.LABELS
CALLS = []


def logits(images):
    CALLS.append(len(images))
    if len(CALLS) > {good}:
        raise {error}
    return colour_classifier.logits(images)
"""


@pytest.fixture(autouse=True)
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    strangers.finished(tmp_path)
    strangers.names(classifier="birds:species", editor="tint:", target=None)


def remembered() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((STRANGER / "run.yaml").read_text())["settings"]
    return content


def dead_address() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


@pytest.mark.parametrize(
    "command",
    [
        ("edit", "--editor", "ledits:/typo", "--seed", "5", "--perceptual", "birds", "--device", "cpu"),
        ("search", "--editor", "ledits:/typo", "--beam", "2", "--target", "cardinal"),
        ("search", "--perceptual", "./typo", "--seed", "5"),
        ("search", "--target", "typo", "--delta", "0.7"),
        ("score", "--classifier", "python:typo:logits"),
        ("score", "--classifier", "http:{dead}:retries=0"),
        ("search", "--classifier", "http:{dead}:retries=0", "--name", "theirs"),
        ("corpus", "--provider", "openai:typo:retries=0", "--base-url", "{dead}/v1", "--force", "--seed", "5"),
        ("report", "--heatmap", "gradcam", "--device", "typo", "--trust-run"),
    ],
    ids=" ".join,
)
def test_a_failure_leaves_the_record_as_it_was(command: tuple[str, ...]) -> None:
    before = (STRANGER / "run.yaml").read_bytes()
    result = diffex(*(word.replace("{dead}", dead_address()) for word in command), "--run", STRANGER)
    assert result.exit_code in (1, 2), result.output
    assert (STRANGER / "run.yaml").read_bytes() == before


def test_a_finished_run_is_reported_whatever_failed_since() -> None:
    assert diffex("edit", "--run", STRANGER, "--editor", "ledits:/typo", "--seed", "5").exit_code == 2
    told("report", "--run", STRANGER)
    told("edit", "--run", STRANGER, "--seed", "5")
    told("check", STRANGER, "--max", "edge=100")


def test_a_first_stage_that_fails_leaves_no_record() -> None:
    provider = ("--provider", "openai:typo:retries=0", "--base-url", f"{dead_address()}/v1")
    result = diffex("corpus", "--run", "new", "--domain", "leaves", "--images", "pictures", *provider)
    assert result.exit_code == 1, result.output
    assert not Path("new/run.yaml").exists()


def failing(name: str, good: int, error: str) -> str:
    Path(f"{name}.py").write_text(FAILING.format(good=good, error=error))
    return f"python:{name}:logits"


def test_an_interrupt_keeps_what_was_given() -> None:
    classifier = failing("interrupted_at_once", 0, "KeyboardInterrupt")
    result = diffex("search", "--run", STRANGER, "--classifier", classifier, "--seed", "3")
    assert result.exit_code == 130
    assert (remembered()["classifier"], remembered()["seed"]) == (classifier, 3)


def test_what_gave_a_result_is_remembered_though_the_work_was_not_finished() -> None:
    classifier = failing("good_at_first", 3, "RuntimeError('gone')")
    result = diffex("search", "--run", STRANGER, "--classifier", classifier, "--seed", "3", "--algorithm", "exhaustive")
    assert result.exit_code == 1, result.output
    assert (remembered()["classifier"], remembered()["seed"]) == (classifier, 3)


def test_a_search_that_waits_for_edits_is_remembered() -> None:
    given = ("--editor", "external:retouchers", "--seed", "4")
    assert diffex("search", "--run", STRANGER, "--no-fill", *given).exit_code == 3
    assert (remembered()["editor"], remembered()["seed"]) == ("external:retouchers", 4)
