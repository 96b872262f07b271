"""The stage ``corpus`` with a language model: kept, merged, limited, rehearsed, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scripted
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app

HERE = str(Path(__file__).parent)
CORPUS = ("corpus", "--domain", "wild birds", "--images", "pictures", "--provider")


@pytest.fixture(autouse=True)
def a_folder_with_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    scripted.install(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    Path("pictures").mkdir()
    random = np.random.default_rng(0)
    for i in range(14):
        Image.fromarray(random.integers(0, 256, (16, 20, 3), dtype=np.uint8)).save(f"pictures/{i:02}.png")


def script(name: str, **options: Any) -> str:
    """Write a script, and return the spec of its provider."""
    Path(f"{name}.json").write_text(json.dumps({"name": name, "log": f"{name}.log", **options}))
    return f"scripted:{name}.json"


def asked(name: str) -> list[str]:
    log = Path(f"{name}.log")
    return log.read_text().splitlines() if log.exists() else []


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> dict[str, Any]:
    result = diffex(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def document(run: str = "diffex-run") -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(run, "corpus.yaml").read_text())
    return content


def shares(run: str) -> dict[str, float | None]:
    return {node.id: node.share for node in RunDirectory(Path(run)).corpus().walk()}


def test_a_domain_of_ones_own() -> None:
    summary = told(*CORPUS, script("a"))
    assert (summary["attributes"], summary["levels"], summary["images"]) == (14, 3, 14)
    assert summary["spending"] == {
        "questions": 10,
        "kept": 0,
        "unanswered": 0,
        "input_tokens": 10_000,
        "output_tokens": 1000,
        "cached_tokens": 0,
        "cost": pytest.approx(0.15),
        "complete": True,
    }
    answers = document()["provenance"]["answers"]
    assert answers["questions"] == 10
    assert set(answers) > {"prompts_sha256", "hierarchy_sha256"}
    assert document()["provenance"]["settings"]["model"] == "a"
    assert len(list(Path("diffex-run/corpus-answers").glob("*.json"))) == 10


def test_in_words() -> None:
    result = diffex(*CORPUS, script("a"))
    assert "The domain wild birds with 14 attributes on 3 levels, 14 images is in diffex-run." in result.stdout
    assert (
        "10 questions answered, 0 more kept from before: 10,000 tokens in (0 cached), 1,000 out, $0.15" in result.stdout
    )


def test_asked_for_the_same_again_it_is_kept_with_changes_by_hand() -> None:
    told(*CORPUS, script("a"))
    file = Path("diffex-run/corpus.yaml")
    file.write_text(file.read_text().replace("name: tall crest", "name: high crest"))
    summary = told("corpus")
    assert summary["up_to_date"]
    assert summary["spending"] is None
    assert told("corpus", "--n-images", "3")["images"] == 3
    assert "high crest" in file.read_text()
    assert len(asked("a")) == 10
    assert told("corpus", "--depth", "2")["spending"]["kept"] == 4
    assert len(asked("a")) == 10


def test_a_dry_run_asks_nobody_and_writes_nothing() -> None:
    plan = told(*CORPUS, script("a"), "--dry-run", "--breadth", "3")
    assert plan["questions"] == {
        "questions": 13,
        "kept": 0,
        "input_tokens": 13_000,
        "output_tokens": 13 * 1024,
        "cost": pytest.approx(13 * (0.01 + 0.0512)),
    }
    text = diffex(*CORPUS, "scripted:a.json", "--dry-run", "--breadth", "3", "--runs", "2").stdout
    assert "About 26 questions to a language model (0 more are answered already): 26,000 tokens in" in text
    assert asked("a") == []
    assert not Path("diffex-run").exists()
    assert told("corpus", "--domain", "birds", "--dry-run")["questions"] is None


def test_a_limit_on_the_cost_keeps_what_is_there_and_goes_on() -> None:
    """A question may cost $0.2173, and costs $0.015."""
    spec = script("a")
    result = diffex(*CORPUS, spec, "--max-cost", "0.26", "--parallel", "1", "--json")
    assert result.exit_code == 0
    summary = json.loads(result.stdout)
    assert summary["spending"]["cost"] == pytest.approx(0.045)
    assert summary["spending"]["complete"] is False
    assert "--max-cost 0.26 was reached: what is there is kept" in result.stderr
    assert [node["name"] for node in document()["nodes"]] == ["head", "wings", "background"]
    again = told("corpus", "--max-cost", "9")
    assert again["spending"]["kept"] == 3
    assert again["attributes"] == 14
    assert len(asked("a")) == 10


def test_an_unfinished_hierarchy_that_was_edited_is_not_overwritten() -> None:
    told(*CORPUS, script("a"), "--max-cost", "0.26", "--parallel", "1")
    file = Path("diffex-run/corpus.yaml")
    file.write_text(file.read_text().replace("name: head", "name: the head"))
    assert told("corpus", "--max-cost", "9")["up_to_date"]


def test_a_limit_that_pays_for_nothing_is_refused() -> None:
    result = diffex(*CORPUS, script("a"), "--max-cost", "0.01")
    assert result.exit_code == 2
    assert "--max-cost 0.01 may not pay for a single question: raise it" in result.stderr
    assert not Path("diffex-run/corpus.yaml").exists()


def test_a_limit_needs_prices() -> None:
    result = diffex(*CORPUS, script("local", priced=False), "--max-cost", "1")
    assert result.exit_code == 2
    assert "--max-cost needs the prices of local" in result.stderr
    summary = told(*CORPUS, "scripted:local.json")
    assert summary["spending"]["cost"] is None
    assert summary["spending"]["input_tokens"] == 10_000


def test_one_run_more_keeps_the_answers_of_the_first() -> None:
    told(*CORPUS, script("a"))
    assert told("corpus", "--runs", "2")["spending"]["kept"] == 10


def test_several_runs_see_other_pictures_and_are_merged() -> None:
    summary = told(*CORPUS, script("a"), "--runs", "2")
    assert Counter(asked("a")).most_common(1)[0][1] == 2
    assert summary["spending"]["questions"] == 20
    assert set(shares("diffex-run").values()) == {1.0}


def test_two_providers_and_files_are_merged_with_their_shares() -> None:
    one = script("one", tree={"head": {"crest": {}, "eye ring": {}}, "background": {}})
    two = script("two", tree={"Heads": {"Crests": {"tall crest": {}}}, "tail": {}})
    Path("own.json").write_text('{"domain": "other", "categories": {"head": ["crest"], "feet": []}}')
    told(*CORPUS, one, "--provider", two, "--merge", "own.json")
    merged = {
        "head": 1.0,
        "head/crest": 1.0,
        "head/crest/tall-crest": 0.3333,
        "head/eye-ring": 0.3333,
        "background": 0.3333,
        "tail": 0.3333,
        "feet": 0.3333,
    }
    assert shares("diffex-run") == merged
    assert told("corpus")["up_to_date"], "run.yaml remembers what was merged"
    told(
        "corpus",
        "--run",
        "third",
        "--domain",
        "wild birds",
        "--images",
        "pictures",
        "--provider",
        one,
        "--merge",
        "diffex-run",
    )
    assert shares("third")["head/crest"] == 1.0
    assert shares("third")["tail"] == 0.5
    assert told("corpus", "--provider", one)["attributes"] == 4, "another --provider forgets what was merged"


def test_iou_of_two_providers_corpora() -> None:
    """Shared: head, crest. Of one alone: eye ring, background. Of the other alone: tall crest, tail."""
    told(*CORPUS, script("one", tree={"head": {"crest": {}, "eye ring": {}}, "background": {}}), "--run", "1")
    told(*CORPUS, script("two", tree={"Head": {"Crests": {"tall crest": {}}}, "tail": {}}), "--run", "2")
    from diffex_cli.comparison.differences import compare_names

    names = [[node.name for node in RunDirectory(Path(run)).corpus().walk()] for run in "12"]
    assert compare_names(*names).iou == pytest.approx(2 / 6)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--merge", "nowhere.yaml"), "'nowhere.yaml' is not a file, run directory or corpus provider"),
        (("--depth", "8", "--breadth", "9"), "would ask"),
        (("--depth", "9"), "--depth 9 must be at most 8"),
        (("--base-url", "localhost:1"), "--base-url 'localhost:1' is no address"),
        (("--merge", "diffex-run"), "is what this run writes"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    Path("diffex-run").mkdir()
    result = diffex(*CORPUS, script("a"), *arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert asked("a") == []


def test_no_answer_at_all_is_an_error() -> None:
    result = diffex(*CORPUS, script("a", tree={}))
    assert result.exit_code == 1
    assert "the language model gave no usable answer (the groups: left out, because" in result.stderr
    assert not Path("diffex-run/corpus.yaml").exists()


def test_a_file_says_who_wrote_it() -> None:
    told(*CORPUS, script("a"))
    told(*CORPUS, script("b"), "--merge", "diffex-run", "--run", "merged")
    found = document("merged")["provenance"]["settings"]
    assert (found["model"], found["authors"]) == ("b", [{"provider": "scripted:a.json", "model": "a"}])
    told("corpus", "--corpus-file", "merged/corpus.yaml", "--images", "pictures", "--run", "copied")
    found = document("copied")["provenance"]["settings"]
    assert [author["model"] for author in found["authors"]] == ["b", "a"]


def test_a_killed_run_goes_on_without_paying_twice() -> None:
    command = [
        sys.executable,
        "-c",
        "from diffex_cli.commands.main import main; main()",
        *CORPUS,
        script("a", seconds=0.25),
    ]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((HERE, str(Path("site").absolute())))}
    process = subprocess.Popen([*command, "--parallel", "2"], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list(Path("diffex-run").glob("corpus-answers/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {file.name for file in Path("diffex-run/corpus-answers").glob("*.json")}
    assert 3 <= len(before) < 10
    assert not Path("diffex-run/corpus.yaml").exists()
    summary = told("corpus", "--parallel", "8")
    assert summary["attributes"] == 14
    assert summary["spending"]["kept"] == len(before)
    assert summary["spending"]["questions"] == 10 - len(before)
    assert len(asked("a")) <= 10 + 2, "only the two under way were asked again"
