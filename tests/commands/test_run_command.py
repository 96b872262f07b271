"""``diffex run``: what the stages' own commands leave, from one process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pipeline import make_inputs
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app

CONFIG = """\
domain: shapes
corpus_file: {folder}/hierarchy.yaml
images: {folder}/pictures
classifier: python:colour_classifier:logits
editor: "tint:"
verifier: python:eyes_of_run:seen:costs=no
target: red
beam: 1
delta: 0.05
"""
EYES = """\
def seen(pictures, words):
    return [[0.9 if one.getbbox() and word[0] < "s" else 0.1 for word in words] for one in pictures]
"""
CORPUS = ("--n-images", "4")
SEARCH = ("--beam", "2", "--name", "colours")
DEEP = ("--beam", "5", "--accept", "larger")
TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
    r'|"seconds": ?[\d.e -]+|<td data-value="[\d.e-]+">[\d.e-]+</td>\n *</tr>'  # that an edit took
)


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    make_inputs(tmp_path)
    (tmp_path / "eyes_of_run.py").write_text(EYES)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "config.yaml").write_text(CONFIG.format(folder=tmp_path))
    monkeypatch.chdir(tmp_path)


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(files: Iterable[Path]) -> list[str]:
    """Of the parts of a table, without what took how many seconds."""
    found = [row for file in files for row in pq.read_table(file).to_pylist()]
    return sorted(repr({name: value for name, value in row.items() if name != "seconds"}) for row in found)


def files_left() -> dict[str, object]:
    """What the run directory holds, by relative name; a folder of parts, whose names tell the time, is one table. It is
    moved away, so that the next one is of the same name."""
    run = Path("diffex-run").rename("left-before" if Path("left").exists() else "left")
    found: dict[str, object] = {
        f"{name}/*.parquet": rows((run / name).glob("*.parquet")) for name in ("edits", "scores", "seen")
    }
    for file in sorted(run.rglob("*")):
        name = file.relative_to(run).as_posix()
        if file.suffix == ".parquet" and file.parent == run:
            table = pq.read_table(file)
            found[name] = (table.to_pydict(), TIMES.sub("", str(table.schema.metadata)))
            found[name] = repr(found[name])  # NaN is not equal to itself
        elif file.suffix in (".yaml", ".html", ".json", ".csv", ".svg"):
            found[name] = TIMES.sub("", file.read_text(encoding="utf-8"))
        elif file.is_file() and file.suffix != ".parquet":
            found[name] = file.read_bytes()
    return found


def test_it_leaves_what_the_stages_own_commands_leave() -> None:
    given = ("--config", "config.yaml")
    told("run", *given, *CORPUS, *SEARCH)
    once = files_left()
    told("corpus", *given, *CORPUS)
    told("search", *given, *SEARCH)
    told("report")
    apart = files_left()
    assert list(once) == list(apart)
    assert {name for name in once if once[name] != apart[name]} == set()
    assert {"corpus.yaml", "run.yaml", "search.yaml", "ranking.parquet", "report/index.html"} <= set(once)
    assert once["seen/*.parquet"]


def test_all_stages_in_order_leave_the_same_answer_and_what_is_there_is_not_made_again() -> None:
    told("run", "--config", "config.yaml", *DEEP)
    once = files_left()
    told("corpus", "--config", "config.yaml")
    for stage in ("edit", "verify", "score"):
        told(stage)
    found = json.loads(told("run", *DEEP, "--json"))
    assert 0 < found["made"] < found["edits"]
    assert json.loads(told("run", "--json"))["made"] == 0
    apart = files_left()
    assert set(once) <= set(apart)
    for name in ("corpus.yaml", "ranking.parquet", "measured.parquet", "search.yaml", "report/ranking.csv"):
        assert once[name] == apart[name], name


def test_people_read_the_answer_and_where_the_report_is() -> None:
    text = told("run", "--config", "config.yaml")
    assert text.startswith("The domain shapes with 9 attributes on 3 levels, 5 images is in diffex-run.\n\n")
    assert "95 % interval" in text
    assert text.splitlines()[-1].startswith("The report on ")
    assert text.endswith("MB: diffex-run/report/index.html\n")
    again = told("run")
    assert again.startswith("Nothing to do: diffex-run has the domain shapes")
    assert "Nothing to do: this search was finished before" in again


def test_a_script_gets_the_search_and_the_reports_path() -> None:
    found = json.loads(told("run", "--config", "config.yaml", "--json"))
    assert found.pop("report") == "diffex-run/report/index.html"
    assert found["made"] == found["edits"] > 0
    later = json.loads(told("search", "--json"))
    assert list(found) == list(later)
    assert found["rows"] == later["rows"]
    lines = told("run", "-q").splitlines()
    assert lines == [*told("search", "-q").splitlines(), "diffex-run/report/index.html"]
    assert len(lines) > 1


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        (("--editor", "tnt:"), "did you mean 'tint'"),
        (("--classifier", "python:nowhere:red"), "nowhere"),
        (("--verifier", "python:nowhere:red"), "nowhere"),
        (("--perceptual", "./nowhere"), "nowhere"),
        (("--racing", "--algorithm", "exhaustive"), "--algorithm exhaustive measures everything"),
        (("--heatmap", "warm"), "gradcam"),
        (("--images", "nowhere"), "nowhere"),
    ],
)
def test_what_can_be_seen_to_be_wrong_is_told_before_the_first_stage(mistake: tuple[str, ...], sentence: str) -> None:
    result = diffex("run", "--config", "config.yaml", *mistake)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in result.stderr.splitlines()[-1]
    assert not Path("diffex-run/corpus.yaml").exists()


def test_it_stops_at_the_stage_that_fails_with_that_stages_sentence() -> None:
    result = diffex("run", "--config", "config.yaml", "--target", "purple")
    assert result.exit_code == 2
    assert Path("diffex-run/corpus.yaml").is_file()
    assert not Path("diffex-run/report").exists()
    assert result.stderr.splitlines()[-1] == diffex("search", "--target", "purple").stderr.splitlines()[-1]
    assert "target: purple" not in Path("diffex-run/run.yaml").read_text()
    told("run")


def test_heat_maps_and_another_target_are_the_reports_too() -> None:
    few = ("--n-images", "2", "--max-depth", "0")
    told("run", "--config", "config.yaml", *few)
    text = told("run", "--target", "green - blue", "--heatmap", "occlusion")
    assert "is kept in" in text
    assert text.splitlines()[-1] == "Other results, for --target: red"
    assert any(Path("diffex-run/heatmaps").iterdir())
    assert told("run", "--target", "predicted", "-q").splitlines()[-1] == "diffex-run/report/index.html"
