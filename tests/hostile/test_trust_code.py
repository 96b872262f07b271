"""A run directory carries no code: what runs any is asked for again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import strangers
from strangers import STRANGER, diffex, is_refused, told

RUN_FILE = "stranger/run.yaml"
RAN = Path("ran")
_TOUCH = "from pathlib import Path\nPath('ran').touch()\n"


@pytest.fixture(autouse=True)
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's run, and on this machine a module and a package of plug-ins that leave a trace."""
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    strangers.finished(tmp_path)
    site = tmp_path / "site"
    (site / "tracing-1.dist-info").mkdir(parents=True)
    (site / "tracing-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tracing\nVersion: 1\n")
    groups = ("editors", "classifiers", "corpus_providers", "regions", "verifiers")
    points = "".join(f"[diffex.{group}]\ntraced = tracing_of_tests:Anything\n" for group in groups)
    (site / "tracing-1.dist-info" / "entry_points.txt").write_text(points)
    (site / "tracing_of_tests.py").write_text(f"{_TOUCH}def Anything(spec, device='auto'): raise RuntimeError\n")
    monkeypatch.syspath_prepend(str(site))


CODE = [
    ("classifier", "python:tracing_of_tests:logits"),
    ("classifier", "traced:"),
    ("classifier", "torch:model.pt2:trust=yes,mean=0,std=1"),
]
USES = {
    "classifier": (
        ("score", "--editor", "tint:"),
        ("search", "--editor", "tint:"),
        ("search", "--editor", "tint:", "--dry-run"),
        ("classify", "pictures"),
    ),
    "editor": (
        ("edit",),
        ("edit", "--dry-run"),
        ("score", "--classifier", "birds:species"),
        ("search", "--classifier", "birds:species", "--no-fill"),
    ),
    "screen": (("search", "--classifier", "birds:species", "--editor", "tint:"), ("edit", "--editor", "tint:")),
    "verifier": (
        ("search", "--editor", "tint:", "--classifier", "birds:species"),
        ("verify", "--editor", "tint:"),
        ("verify", "--editor", "tint:", "--dry-run"),
    ),
    "provider": (("corpus",), ("corpus", "--dry-run"), ("corpus", "grow")),
    "merge": (("corpus",),),
    **dict.fromkeys(
        ("region", "keep_region"),
        (
            ("edit", "--editor", "tint:", "--seed", "3"),
            ("edit", "--editor", "tint:", "--dry-run"),
            ("score", "--editor", "tint:", "--classifier", "birds:species"),
            ("search", "--editor", "tint:", "--classifier", "birds:species", "--no-fill"),
        ),
    ),
}


@pytest.mark.parametrize(
    ("setting", "spec"),
    [
        *CODE,
        ("verifier", "python:tracing_of_tests:seen"),
        ("verifier", "traced:"),
        *(("editor", "traced:"), ("screen", "traced:x"), ("provider", "traced:model"), ("merge", "traced:model")),
        *(("region", "python:tracing_of_tests:find"), ("keep_region", "traced:")),
    ],
)
def test_stored_code_is_not_run(setting: str, spec: str) -> None:
    strangers.names(**{setting: spec})
    for command in USES[setting]:
        if command == ("edit", "--editor", "tint:"):
            continue  # screens nothing
        assert is_refused(diffex(*command, "--run", STRANGER), RUN_FILE), command
    assert not RAN.exists()


def test_the_code_of_a_finished_search_is_not_run() -> None:
    strangers.searched_with("python:tracing_of_tests:logits")
    report = ("report", "--run", STRANGER, "--heatmap", "occlusion")
    assert is_refused(diffex(*report), "stranger/search.yaml")
    assert is_refused(diffex("birds", "truth", "--run", STRANGER), "stranger/search.yaml")
    told("check", STRANGER, "--max", "edge=100")
    assert not RAN.exists()


def test_what_comes_with_diffex_needs_no_trust() -> None:
    strangers.names(classifier="birds:species", editor="tint:", screen="tint::strength=0.5", provider="bundled")
    told("search", "--run", STRANGER, "--dry-run")
    told("edit", "--run", STRANGER)


def test_an_everyday_flow_gives_everything_once(tmp_path: Path) -> None:
    own = ("--run", "own")
    given = ("--classifier", "python:colour_classifier:logits", "--editor", "tint:")
    told("corpus", *own, "--corpus-file", "hierarchy.yaml", "--images", "pictures", "--n-images", "2")
    told("search", *own, *given, "--target", "green")
    for command in (("search", "--target", "red"), ("score",), ("edit",), ("report", "--heatmap", "occlusion")):
        told(*command, *own)
    told("classify", "pictures", *own)


def test_a_dry_run_or_a_failure_agrees_to_nothing_else() -> None:
    strangers.names(classifier="traced:", editor="tint:")
    diffex("score", "--run", STRANGER, "--classifier", "python:colour_classifier:logits")
    strangers.names(classifier="traced:")
    assert is_refused(diffex("score", "--run", STRANGER), RUN_FILE)


def test_a_file_named_run_yaml_that_is_given_is_given() -> None:
    Path("run.yaml").write_text("classifier: python:colour_classifier:logits\n")
    told("classify", "pictures", "--run", STRANGER, "--config", "run.yaml")


def test_control_characters_of_a_stranger_are_not_printed() -> None:
    strangers.names(classifier="python:\x1b]0;owned\x07:logits" + "x" * 4000)
    result = diffex("classify", "pictures", "--run", STRANGER)
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 1000
