"""``diffex compare`` and ``diffex check`` on runs of the model-free editor."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
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
  children:
  - name: rough
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

def turned(pictures):
    return dict(zip(["other", "red"], red(pictures).values()))

def numb(pictures):
    return {label: column / 100 for label, column in red(pictures).items()}
"""


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on the same four images: ``red``, and ``numb`` to almost everything; both measured all attributes."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
            patch.delenv(name)
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        Path("shapes.yaml").write_text(HIERARCHY)
        Path("two_classifiers.py").write_text(CLASSIFIER)
        Path("pictures").mkdir()
        for shade in range(4):
            Image.new("RGB", (12, 12), (40 * shade, 100, 30)).save(f"pictures/{shade}.png")
        for name in ("red", "numb"):
            told("corpus", "--run", name, "--domain", "shapes", "--corpus-file", "shapes.yaml", "--images", "pictures")
            told(
                *("search", "--run", name, "--editor", "tint:", "--classifier", f"python:two_classifiers:{name}"),
                *("--target", "red", "--algorithm", "exhaustive", "--delta", "0.02"),
            )
    return folder


@pytest.fixture(autouse=True)
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def test_compare_for_people() -> None:
    text = told("compare", "red", "numb")
    assert text.startswith("numb (second) against red (first)\n  classifier: python:two_classifiers:red → python:two_")
    assert "nDCG@5 1.000 (the first as truth), 1.000 (the second); Spearman 1.000 over 4 attributes" in text
    assert "Shown to matter in the second only: " in text
    assert "; in the first only: " in text
    assert "Corpora: IoU 1.000, 4 names shared" in text
    assert "95 % interval" in told("compare", "red", "numb", "--all")
    assert "by 95 % intervals that are not corrected for their number" in text


def test_compare_for_scripts() -> None:
    found = json.loads(told("compare", "red", "numb", "--json", "--top", "3"))
    assert set(found) == {"runs", "top", "comparisons", "warnings", "html"}
    assert [run["run"] for run in found["runs"]] == ["red", "numb"]
    rankings = found["comparisons"][0]["rankings"]
    assert {"ndcg", "ndcg_back", "spearman", "entered", "left", "changes"} <= set(rankings)
    assert {"value", "low", "high", "n", "method"} == set(rankings["changes"][0]["difference"])
    assert {change["difference"]["method"] for change in rankings["changes"]} == {"paired"}
    second, *figures = told("compare", "red", "numb", "-q").strip().split("\t")
    assert second == "numb"
    assert [float(figure) for figure in figures[:4]] == [1, 1, 1, 1]
    assert len(told("compare", "numb", "red", "-q").splitlines()) == 1


def test_compare_as_a_page(tmp_path: Path) -> None:
    page = tmp_path / "new" / "compared.html"
    result = diffex("compare", "red", "numb", "--html", str(page), "--json")
    assert json.loads(result.stdout)["html"] == str(page)
    assert result.stderr == f"The comparison as a page: {page}\n"
    assert "python:two_classifiers:numb against python:two_classifiers:red" in page.read_text()
    assert json.loads(told("compare", "red", "numb", "--json"))["html"] is None
    assert diffex("compare", "red", "numb", "--html", str(tmp_path)).exit_code == 2


def test_a_check_that_passes() -> None:
    text = told("check", "numb", "--max", "edge=1", "--forbid", "surface", "--against", "red")
    assert text.startswith("PASS  max edge=1\n    'edge' changes the logit of 'red' by ")
    assert text.splitlines()[-1].startswith("The check passed")
    assert told("check", "numb", "--max", "edge=1", "-q") == "pass\tmax edge=1\n"


def test_a_check_that_fails_exits_with_4_and_says_why(tmp_path: Path) -> None:
    report = tmp_path / "check.xml"
    result = diffex("check", "red", "--max", "edge=0", "--max", "nothing=0", "--junit", str(report), "--json")
    assert result.exit_code == 4
    found = json.loads(result.stdout)
    assert set(found) == {
        *("run", "classifier", "name", "target", "strict", "passed", "noise_floor", "results", "warnings")
    }
    assert (found["passed"], [one["verdict"] for one in found["results"]]) == (False, ["fail", "pass"])
    assert {"candidate", "verdict", "value", "low", "high", "n", "limit", "sentence"} <= set(
        found["results"][0]["findings"][0]
    )
    assert result.stderr == (
        "Error: the check of red failed: python:two_classifiers:red broke 1 of 2 rules (max edge=0)\n"
    )
    assert ET.fromstring(report.read_bytes()).get("failures") == "1"
    assert "FAIL  max edge=0\n    'edge' changes the logit" in diffex("check", "red", "--max", "edge=0").stdout


def test_strictly_what_is_undecided_fails() -> None:
    limits = json.loads(diffex("check", "red", "--max", "edge=0", "--json").stdout)["results"][0]["findings"][0]
    middle = f"edge={abs(limits['value'])}"
    assert "1 of 1 rules are undecided" in told("check", "red", "--max", middle)
    assert diffex("check", "red", "--max", middle, "--strict").exit_code == 4


def test_what_the_run_did_not_measure_fails(variants: Path) -> None:
    shutil.copytree("red", "shallow")
    told("search", "--run", "shallow", "--max-depth", "0", "--trust-run")
    result = diffex("check", "shallow", "--max", "rough=9", "--max", "edge=0")
    assert result.exit_code == 4
    assert result.stderr == (
        "Error: the check of shallow failed: python:two_classifiers:red broke 1 of 2 rules (max edge=0), and "
        "1 of 2 rules could not be measured (max rough=9)\n"
    )
    assert "FAIL  max rough=9\n    Not measured in shallow: 'rough'. `diffex search --run shallow" in result.stdout
    assert "1 of 1 rules are undecided" in told("check", "shallow", "--max", "rough=9", "--allow-undecided")
    assert diffex("check", "shallow", "--max", "rough=9", "--allow-undecided", "--strict").exit_code == 2


def test_rules_from_a_file(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("max: {edge: 9}\nforbid: [nothing]\n")
    assert told("check", "red", "--rules", str(rules), "--max", "rough=9", "-q").splitlines() == [
        "pass\tmax rough=9",
        "pass\tmax edge=9",
        "pass\tforbid nothing",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("check", "red"), 2, "nothing to check"),
        (("check", "red", "--max", "edg=1"), 2, "did you mean 'edge'?"),
        (("check", "nowhere", "--max", "edge=1"), 2, "there is no run directory nowhere"),
        (("check", "pictures", "--max", "edge=1"), 3, "run `diffex search` first"),
        (("compare", "red"), 2, "at least two run directories"),
        (("compare", "red", "numb", "--top", "0"), 2, "--top"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], code: int, sentence: str) -> None:
    result = diffex(*arguments)
    assert result.exit_code == code
    assert sentence in result.stderr


def test_neither_loads_a_model(folder: Path) -> None:
    program = (
        "import sys\n"
        "from diffex_cli.commands.main import main\n"
        "for line in (['compare', 'red', 'numb'], ['check', 'red', '--max', 'edge=9', '--against', 'numb']):\n"
        "    sys.argv[1:] = line\n"
        "    try:\n        main()\n"
        "    except SystemExit:\n        pass\n"
        "heavy = ['torch', 'diffusers', 'transformers', 'matplotlib', 'two_classifiers']\n"
        "sys.exit(' '.join(name for name in heavy if name in sys.modules) or 0)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def variants(folder: Path) -> Path:
    """The search of ``red`` again, each time with one option changed; they share its edits."""
    options = {
        "prob": ("--scale", "prob"),
        "both": ("--direction", "both"),
        "held": ("--holdout", "on"),
        "all": ("--target", "all"),
        "stronger": ("--editor", "tint::strength=0.9"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        for name, option in options.items():
            shutil.copytree("red", name)
            told("search", "--run", name, *option, "--trust-run")  # a copy is a run of its own
    return folder


@pytest.mark.parametrize(
    ("name", "what", "first", "second", "caution"),
    [
        ("prob", "scale", "logit", "prob", "compare ranks, not effects"),
        ("both", "direction", "corpus", "both", "what only one of them did is not compared"),
        (
            "held",
            "holdout",
            "none (2 of the 4 searched are shared)",
            "2 of 4 images held out (2 of the 2 searched are shared)",
            "held out different images, so their effects are not for the same images",
        ),
        ("all", "target", "red", "all", "explain different classes"),
        ("stronger", "editor", "tint:", "tint::strength=0.9", "the editors' doing rather than the classifier's"),
    ],
)
def test_compare_says_what_the_runs_did_differently(
    variants: Path, name: str, what: str, first: str, second: str, caution: str
) -> None:
    text = told("compare", "red", name)
    assert f"\n  {what}: {first} → {second}\n" in text
    assert caution in text
    found = json.loads(told("compare", "red", name, "--json"))["comparisons"][0]
    assert {"what": what, "first": first, "second": second} in found["distinctions"]
    assert [one["what"] for one in found["distinctions"]] == [what]
    assert f"\n  {what}: {second} → {first}\n" in told("compare", name, "red")


def test_differences_between_units_are_not_told(variants: Path) -> None:
    assert "Changed: " in told("compare", "red", "held")
    text = told("compare", "red", "prob", "--all")
    assert "Changed: " not in text
    assert "95 % interval" not in text
    assert "nDCG@5" in text


def test_the_class_that_an_attribute_moves_most_may_be_another_one(variants: Path) -> None:
    shutil.copytree("all", "moved")
    told("search", "--run", "moved", "--classifier", "python:two_classifiers:turned")
    text = told("compare", "all", "moved")
    assert "this is a different class in each run, so their differences mean nothing: " in text
    assert "another class" not in told("compare", "red", "held")
