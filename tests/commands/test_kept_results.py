"""Several targets explained in one run directory, as a user does it: each result stays, and says what it is of."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from pipeline import SILENT, ask_until_done, make_corpus, settings, texts
from typer.testing import CliRunner, Result

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.commands.main import app
from diffex_cli.corpus import corpus
from diffex_cli.search import search

OTHER = """\
import colour_classifier

def logits(images):
    return -colour_classifier.logits(images)

logits.labels = ("red", "green", "blue")
"""


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(autouse=True)
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``run``, in which 'green' was explained and reported, then 'red'."""
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    make_corpus(tmp_path)
    search.run(settings(tmp_path, target="green"), SILENT)
    told("report", "run")
    search.run(settings(tmp_path, target="red"), SILENT)
    return tmp_path / "run"


def recorded_target(run: Path) -> object:
    return yaml.safe_load((run / "run.yaml").read_text())["settings"]["target"]


def test_the_pages_of_both_exist_side_by_side(made: Path) -> None:
    assert not (made / "report").exists()
    kept = made / "results" / "green"
    assert (kept / "report" / "index.html").exists()
    assert "Other results, for --target: green" in told("report", "run")
    out = told("report", "run", "--target", "green", "--json")
    assert json.loads(out)["html"] == "run/results/green/report/index.html"
    pages = {}
    for folder, target in ((made, "red"), (kept, "green")):
        page = json.loads((folder / "report" / "report.json").read_text())
        assert page["target"] == target
        assert all((made / picture).is_file() for picture in page["pictures"])
        pages[target] = (folder / "report" / "index.html").read_text()
    assert pages["red"] != pages["green"]
    # a look at another result changes nothing about what comes next
    assert recorded_target(made) == "red"
    assert "‘red’" in told("report", "run", "--terminal")
    assert "‘green’" in told("report", "run", "--terminal", "--target", "green")


def test_asked_again_it_comes_back_without_work(tmp_path: Path, made: Path) -> None:
    before = (made / "results" / "green" / "ranking.parquet").read_bytes()
    page = (made / "results" / "green" / "report" / "index.html").read_bytes()
    out = told("search", "--run", "run", "--target", "green")
    assert "Nothing to do: this search was finished before, and its ranking is unchanged." in out
    assert "The result for ‘red’ is kept in run/results/red: `diffex report run --target 'red'` shows it." in out
    assert (made / "ranking.parquet").read_bytes() == before
    assert (made / "report" / "index.html").read_bytes() == page
    assert [folder.name for folder in (made / "results").iterdir()] == ["red"]
    assert json.loads(told("search", "--run", "run", "--target", "red", "--json"))["set_aside"] == {
        "folder": "run/results/green",
        "target": "green",
        "classifier": "python:colour_classifier:logits",
    }
    again = search.run(settings(tmp_path, target="red"), SILENT)
    assert (again.up_to_date, again.set_aside, again.made) == (True, None, 0)


def test_with_other_settings_it_is_made_anew_and_replaces_the_kept_one(tmp_path: Path, made: Path) -> None:
    assert not search.run(settings(tmp_path, target="green", delta=0.2), SILENT).up_to_date
    assert RunDirectory(made).search().delta == 0.2
    assert [folder.name for folder in (made / "results").iterdir()] == ["red"]
    # what that search set is not meant for the kept one
    told("report", "run", "--target", "red")
    assert json.loads((made / "results" / "red" / "report" / "report.json").read_text())["delta"] == 0.05


def test_a_page_of_an_earlier_search_is_told(made: Path) -> None:
    told("report", "run")
    outdated = "run/report is of an earlier search: `diffex report run` writes it anew."
    assert outdated in told("search", "--run", "run", "--delta", "0.2")
    assert outdated not in told("search", "--run", "run")


def test_the_settings_on_a_page_are_those_of_its_search(made: Path) -> None:
    told("search", "--run", "run", "--target", "blue", "--joint", "2", "--beam", "3")
    told("report", "run", "--target", "green")
    page = json.loads((made / "results" / "green" / "report" / "report.json").read_text())
    shown = {one["name"]: (one["value"], one["origin"]) for one in page["settings"]}
    assert shown["beam"] == ("2", "search.yaml")
    assert shown["joint"] == ("0", "search.yaml")
    assert shown["target"][0] == "green"


def test_every_reader_finds_the_one_that_is_asked_for(tmp_path: Path, made: Path) -> None:
    explained = told("search", "--run", "run", "--explain", "edge", "--target", "green")
    assert explained != told("search", "--run", "run", "--explain", "edge")
    for target in ("red", "green"):
        assert json.loads(told("check", "run", "--max", "edge=100", "--target", target, "--json"))["target"] == target
        table = told("report", "run", "--table", "csv", "--target", target)
        assert table == told("report", str(made if target == "red" else made / "results" / target), "--table", "csv")
    told("report", "run", "--figures", "--target", "green")
    assert list((made / "results" / "green" / "report" / "figures").iterdir())
    assert not (made / "report").exists()
    other = settings(tmp_path, run=tmp_path / "other", target="green")
    corpus.run(other, SILENT)
    search.run(other, SILENT)
    compared = json.loads(told("compare", "run", "other", "--target", "green", "--json"))
    assert [one["facts"]["target"] for one in compared["runs"]] == ["green", "green"]
    assert compared["comparisons"][0]["first"] == "run/results/green"
    apart = json.loads(told("compare", "run", "run/results/green", "--json"))
    assert [one["facts"]["target"] for one in apart["runs"]] == ["red", "green"]


@pytest.mark.parametrize(
    "command",
    [
        ("report", "run"),
        ("report", "run", "--table", "csv"),
        ("report", "run", "--figures"),
        ("check", "run", "--max", "edge=1"),
        ("search", "--run", "run", "--explain", "edge"),
    ],
)
def test_an_unknown_target_is_told_which_there_are(command: tuple[str, ...]) -> None:
    result = diffex(*command, "--target", "blue")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no result for 'blue' in run: there are red, green (`diffex search --run run --" in result.stderr


def test_a_kept_result_is_refused_once_its_inputs_changed(tmp_path: Path, made: Path) -> None:
    file = made / "corpus.yaml"
    file.write_text(file.read_text().replace("name: shadow", "name: dark shadow"))
    for command in (("report", "run"), ("check", "run", "--max", "edge=1"), ("report", "run", "--table", "csv")):
        result = diffex(*command, "--target", "green")
        assert result.exit_code == 2
        assert (
            "the ranking in run/results/green was not made from what the run holds now (corpus.yaml changed): "
            in result.stderr
        )
        assert result.stderr.endswith("run `diffex search --run run --target 'green'` again\n")
    assert not search.run(settings(tmp_path, target="green"), SILENT).up_to_date
    told("report", "run")


def test_a_corpus_is_not_replaced_though_no_result_is_at_the_top(tmp_path: Path, made: Path) -> None:
    (made / "search.yaml").unlink()
    (tmp_path / "hierarchy.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes:\n- name: edge\n")
    result = diffex("corpus", "--run", "run")
    assert result.exit_code == 2
    assert "which its search was made of, would be replaced" in result.stderr
    told("corpus", "--run", "run", "--force")
    # what became of nothing is kept, and refused
    assert "corpus.yaml changed" in diffex("report", "run", "--target", "green").stderr


def test_each_classifier_has_its_own(tmp_path: Path, made: Path) -> None:
    (tmp_path / "other_colours.py").write_text(OTHER)
    by = "python:other_colours:logits"
    told("search", "--run", "run", "--classifier", by, "--target", "green")
    first = "python:colour_classifier:logits"
    assert f"Other results, for --target: green (by {first}), red (by {first})" in told("report", "run")
    assert sorted(folder.name for folder in (made / "results").iterdir()) == ["green", "red"]
    assert told("report", "run/results/green", "-q") == "run/results/green/report/index.html\n"
    assert "green (by python:other_colours:logits), red" in told("report", "run/results/green")
    # the run's settings name the other classifier by now
    result = diffex("check", "run", "--max", "edge=1", "--target", "red")
    assert result.exit_code == 2
    assert f"no result for 'red' by {by} in run: there are green, green (by {first}), red (by" in result.stderr
    compared = json.loads(told("compare", "run/results/green", "run", "--json"))
    assert [one["facts"]["classifier"] for one in compared["runs"]] == [first, by]


def test_words_that_are_no_class_are_kept_too(tmp_path: Path, made: Path) -> None:
    for target in ("all", "predicted", "red - green"):
        search.run(settings(tmp_path, target=target), SILENT)
    search.run(settings(tmp_path, target="blue"), SILENT)
    assert not (made / "ranking-all.parquet").exists()
    assert (made / "results" / "all" / "ranking-all.parquet").exists()
    for target in ("all", "predicted", "red - green"):
        assert json.loads(told("check", "run", "--max", "edge=100", "--target", target, "--json"))["target"] == target
    every = search.run(settings(tmp_path, target="all"), SILENT)
    assert every.up_to_date
    assert (made / "ranking-all.parquet").exists()
    assert {row.target for row in RunDirectory(made).ranking_of_all() or ()} == {"red", "green", "blue"}


def test_a_loop_without_models_keeps_and_brings_back(tmp_path: Path, made: Path) -> None:
    before = texts(RunDirectory(made).ranking())
    first = ask_until_done(settings(tmp_path, target="blue"))
    assert first.set_aside is not None
    assert (first.target, first.set_aside.target) == ("blue", "red")
    # the loop's target is remembered, and its round that lacks something leaves the last result alone
    assert recorded_target(made) == "blue"
    assert diffex("search", "--run", "run", "--no-fill", "--seed", "7").exit_code == 3
    assert RunDirectory(made).search().target == "blue"
    back = ask_until_done(settings(tmp_path, target="red"))
    assert back.up_to_date
    assert texts(RunDirectory(made).ranking()) == before
