"""The five stages' commands, on a model-free editor and a classifier of three lines."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app

HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  group: words
  children:
  - name: rough
  - name: smooth
- name: edge
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""
CLASSIFIER = """\
import numpy as np

def red(pictures):
    mean = np.array([np.asarray(picture, dtype=float).mean(axis=(0, 1)) / 64 for picture in pictures])
    return {"red": mean[:, 0], "other": mean[:, 1]}
"""
CORPUS = ("corpus", "--domain", "shapes", "--corpus-file", "shapes.yaml", "--images", "pictures")
SEARCH = ("search", "--editor", "tint:", "--classifier", "python:three_lines:red", "--target", "red", "--delta", "0.01")


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    Path("shapes.yaml").write_text(HIERARCHY)
    Path("three_lines.py").write_text(CLASSIFIER)
    Path("pictures").mkdir()
    for shade in range(4):
        Image.new("RGB", (12, 12), (40 * shade, 100, 30)).save(f"pictures/{shade}.png")


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_all_five_stages_and_once_more() -> None:
    assert "5 attributes on 2 levels, 4 images is in diffex-run" in told(*CORPUS)
    assert told("edit", "--editor", "tint:").startswith("16 edits made (4 changed nothing, 0 failed), 0 of 16")
    assert told("score", "--classifier", "python:three_lines:red").startswith("20 pictures scored")
    table = told(*SEARCH)
    assert "95 % interval" in table
    assert re.search(r"nothing .* placebo\b", table)
    assert "Nothing was shown to matter for ‘red’. Of what could matter, " in table
    assert told("report").strip().endswith("diffex-run/report/index.html")

    assert told(*CORPUS).startswith("Nothing to do: diffex-run has the domain shapes")
    assert told("edit").startswith("Nothing to do: all 16 edits are there.")
    assert told("score").startswith("Nothing to do: all ")
    assert "Nothing to do: this search was finished before" in told("search")
    assert told("search", "--dry-run").startswith("Nothing to do: all 16 edits are there.")


def test_settings_given_once_hold_for_the_later_stages() -> None:
    told(*CORPUS)
    told(*SEARCH)
    shown = json.loads(told("config", "show", "--json"))
    assert shown["classifier"] == {"value": "python:three_lines:red", "origin": "run.yaml"}
    assert shown["target"] == {"value": "red", "origin": "run.yaml"}
    assert shown["beam"] == {"value": 5, "origin": "default"}
    assert "\nseed: 0\nbeam: 2\n" in told("config", "show", "-q", "--beam", "2")
    assert "flag --beam" in told("config", "show", "--beam", "2")


def test_the_ranking_as_json() -> None:
    told(*CORPUS)
    found = json.loads(told(*SEARCH, "--json"))
    assert {"target", "editor", "classifier", "delta", "noise_floor", "rows", "run"} <= set(found)
    assert (found["target"], found["delta"], found["noise_floor"], found["run"]) == ("red", 0.01, 0.0, "diffex-run")
    assert [row["rank"] for row in found["rows"]] == list(range(1, 1 + len(found["rows"])))
    assert {"candidate", "effect", "influence", "low", "high", "n", "status"} <= set(found["rows"][0])
    quiet = told("search", "-q").splitlines()
    assert quiet[0].split("\t")[0] == found["rows"][0]["candidate"]
    assert len(quiet) == sum(row["status"] == "kept" for row in found["rows"])


def test_what_the_edits_did_is_told() -> None:
    told(*CORPUS)
    text = told("edit", "--editor", "tint:").splitlines()
    assert text[1].startswith("On average: ")
    assert text[1].endswith(" of the pixels changed.")
    assert len(text) == 2
    summary = json.loads(told("edit", "--editor", "tint::strength=0.5", "--json"))
    assert (summary["failed"], summary["failure"], summary["no_ops"]) == (0, None, 4)
    assert 0 < summary["changed"] < 1
    assert {"change_inside", "change_outside", "saturated", "perceptual"} <= set(summary)
    assert summary["change_inside"] is summary["perceptual"] is None
    assert "perceptual distance" in told("edit", "--editor", "tint:", "--seed", "2", "--perceptual", "birds")


def test_failed_edits_are_told_with_their_reason() -> None:
    for shade in range(4):
        picture = Image.new("RGB", (12, 12), (40 * shade, 100, 30))
        picture.putpixel((0, 0), (9, 9, 9))
        picture.save(f"pictures/{shade}.png")
    told(*CORPUS)
    plain = ("--editor", "tint::strength=1")
    text = told("edit", *plain).splitlines()
    assert text[0] == "16 edits made (4 changed nothing, 8 failed), 0 of 16 were there."
    assert text[-1].startswith("8 of 16 edits failed, most often because: the picture is one colour all over")
    # all but those of the placebo
    result = diffex("search", *plain, *SEARCH[3:])
    assert result.exit_code == 1
    why = "with --editor tint::strength=1 all 8 edits failed, most often because: the picture is one colour all over"
    assert f"nothing was measured, so no ranking was written: {why}" in " ".join(result.stderr.split())


def test_a_network_that_is_not_there_is_a_mistake_and_not_remembered() -> None:
    told(*CORPUS)
    for command in (("edit", "--editor", "tint:"), SEARCH):
        result = diffex(*command, "--perceptual", "./nowhere")
        assert result.exit_code == 2
        assert result.stderr.splitlines()[-1].startswith(
            "Error: --perceptual ./nowhere: there is no folder nowhere: give another"
        )
    told("edit", "--editor", "tint:")


def test_nothing_found() -> None:
    told(*CORPUS)
    nothing = "Nothing was shown to matter for ‘red’. All attributes that were tried were shown to be small."
    assert nothing in told(*SEARCH, "--delta", "100")
    assert told("search", "-q") == ""


def test_a_dry_run_does_nothing() -> None:
    told(*CORPUS)
    plan = told(*SEARCH, "--dry-run")
    assert plan.startswith("16 edits to do, 0 of 16 cached; at most 24, depending on what the search finds; how long")
    assert json.loads(told(*SEARCH, "--dry-run", "--json"))["to_do"] == 16
    assert not Path("diffex-run/edits").exists()
    told("edit", "--editor", "tint::delay=0.01")
    assert "; at most 8 (" in told(*SEARCH, "--dry-run")


def test_without_filling_the_search_exits_with_3() -> None:
    told(*CORPUS)
    result = diffex(*SEARCH, "--no-fill")
    assert result.exit_code == 3
    assert "diffex edit --requests" in result.stderr
    assert Path("diffex-run/requests.parquet").is_file()
    assert "16 edits made" in told("edit", "--requests", "--editor", "tint:")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*SEARCH, "--target", "blue"), "red, other"),
        ((*SEARCH, "--classifier", "python:nowhere:red"), "nowhere"),
        ((*SEARCH, "--editor", "tint::strenth=1"), "did you mean 'strength'"),
        ((*SEARCH, "--editor", "tinted:"), "did you mean 'tint'"),
        (("search",), "no default for it: give --classifier"),
    ],
)
def test_a_mistake_is_told_in_a_sentence_and_not_remembered(arguments: tuple[str, ...], sentence: str) -> None:
    told(*CORPUS)
    result = diffex(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr.splitlines()[-1]
    told(*SEARCH)


def start(*arguments: str) -> subprocess.Popen[str]:
    # A shell may have started the tests with the interrupt ignored, which children inherit.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from diffex_cli.commands.main import main; main()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_an_interrupt_keeps_what_is_finished_and_the_same_command_goes_on() -> None:
    told(*CORPUS)
    command = ("search", "--editor", "tint::delay=0.3", *SEARCH[3:])
    process = start(*command)
    pictures = Path("diffex-run/edits/files")
    deadline = time.monotonic() + 60
    while len(list(pictures.glob("*/*.png"))) < 3:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    interrupted = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert time.monotonic() - interrupted < 5
    assert process.returncode == 130
    said = "interrupted: what was finished is kept, and the same command continues from there"
    assert stderr.splitlines()[-1] == said

    finished = 16 - int(json.loads(told(*SEARCH, "--dry-run", "--json"))["to_do"])
    assert 3 <= finished < 16
    resumed = json.loads(told(*SEARCH, "--json"))
    assert resumed["made"] == resumed["edits"] - finished
    told("corpus", "--run", "other", *CORPUS[1:])
    assert json.loads(told(*SEARCH, "--run", "other", "--json"))["rows"] == resumed["rows"]


def test_a_search_can_be_explained_without_running_anything() -> None:
    told(*CORPUS)
    told(*SEARCH)
    text = told("search", "--explain", "edge")
    assert text.startswith("'edge' changes 'red' by ")
    assert json.loads(told("search", "--explain", "edge", "--json"))["candidate"] == "edge"
    assert told("search", "--explain", "egde") == f"The nearest to 'egde' is edge. {text}"
    wrong = diffex("search", "--explain", "xyz")
    assert wrong.exit_code == 2
    assert "the search knows no such attribute; there are: " in wrong.stderr


def test_nothing_passed_is_an_answer() -> None:
    told(*CORPUS)
    first, *_, counts, floor, last, unchecked = told(*SEARCH).splitlines()
    assert re.match(
        r"Nothing was shown to matter for ‘red’\. Of what could matter, [\w ]+ is the strongest\. Its effect is [+−]\d",
        first,
    )
    assert re.match(r"Of 4 attributes, none were shown to matter \(p ≤ 0.05 when corrected for all 5 comp", counts)
    assert floor.startswith("Noise floor: 0.00 logits, what an attribute that these images cannot have can reach; ")
    # with four images the smallest p-value of a sign flip is 1/8
    assert unchecked.startswith("No verifier looked at the edits")
    assert last == "With so few images no effect, however large, could have been shown to matter."
    nothing = told(*SEARCH, "--delta", "100")
    assert "Nothing was shown to matter for ‘red’. All attributes that were tried were shown to be small." in nothing
    found = json.loads(told("search", "--json"))
    assert found["passed"] == []
    assert found["noise_floor_source"] == "placebos"
    assert found["detectable"] is None
    assert found["corrected_for"] == len(found["rows"])


def test_the_holdout_and_the_joint_combination_are_told() -> None:
    told(*CORPUS)
    text = " ".join(told(*SEARCH, "--holdout", "on", "--joint", "2", "--delta", "0").split())
    assert "held out" in text
    assert "The search used 2 images; 2 more were held out to measure again what it chose." in text
    assert re.search(r" surface .* could matter +[+−]\d\.\d\d ", text)
    assert "Best joint combination: " in text or json.loads(told("search", "--json"))["best_joint"] is None


def test_the_expected_number_of_edits_is_told() -> None:
    told(*CORPUS)
    assert "; expect about 24 in all" in told(*SEARCH, "--dry-run")
    assert json.loads(told(*SEARCH, "--max-edits", "20", "--dry-run", "--json"))["expected"] == 20


def test_options_that_contradict_each_other_are_refused_by_a_dry_run_too() -> None:
    told(*CORPUS)
    result = diffex(*SEARCH, "--racing", "--algorithm", "exhaustive", "--dry-run")
    assert result.exit_code == 2
    assert "leave it out, or --racing" in result.stderr
