"""Why an attribute is where it is."""

import dataclasses
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.report.explaining import explain
from diffex_cli.search import search


@pytest.fixture
def made(tmp_path: Path) -> Path:
    search.run(make_corpus(tmp_path, target="green", max_depth=1, joint=2, delta=0.0, holdout="on"), SILENT)
    return tmp_path / "run"


def test_what_was_tried_is_told_with_its_figures(made: Path) -> None:
    found = explain(made, "surface")
    assert found.candidate == "surface"
    assert found.text.startswith("'surface' changes 'green' by ")
    assert "was kept: influence" in found.text
    assert "The search went on into the 2 attributes below it." in found.text
    assert "its p-value is" in found.text
    assert "images that the search did not use it changes it by" in found.text
    assert explain(made, "nothing").text.startswith("'nothing' changes 'green' by 0.00 ")


def test_what_a_verifier_saw_is_told(made: Path) -> None:
    run = RunDirectory(made)
    seen = {"landed": 0.1, "n_landed": 10, "shown": 1, "effect_asked": 9.0, "claim": "not tested"}
    seen |= {"class_lost": 0.75, "n_class": 4}
    rows = [dataclasses.replace(row, **seen) if row.candidate == "surface" else row for row in run.ranking()]  # type: ignore[arg-type]
    run.write_ranking(rows, {}, run.search().id)
    text = explain(made, "surface").text
    assert "1 of 10 edits shows it, so that it was not tested. 1 image needed no edit. As asked" in text
    assert "the effect is +9.00; adjusted for what the edits showed it is " in text
    assert text.endswith("The verifier no longer sees an image’s own class in 3 of 4 edits.")
    assert "edits show" not in explain(made, "smooth").text


def test_a_name_will_do_and_so_will_a_set(made: Path) -> None:
    assert explain(made, "smooth").candidate == "surface/smooth"
    joint = RunDirectory(made).search().joint[0].candidate
    assert "so that their interaction is" in explain(made, joint).text


def test_what_was_never_tried_is_told_by_what_is_above_it(made: Path) -> None:
    assert explain(made, "very rough").text == (
        "'surface/rough/very-rough' was never tried. The search went 1 levels below the roots (--max-depth)."
    )


def test_a_dropped_branch_is_named(tmp_path: Path) -> None:
    search.run(make_corpus(tmp_path, target="green", delta=100.0), SILENT)
    text = explain(tmp_path / "run", "edge/sharp").text
    assert text.startswith("'edge/sharp' was never tried. The search did not go below 'edge': reach ")
    assert text.endswith("is below δ = 100.")


@pytest.mark.parametrize(
    ("wanted", "candidate"),
    [("smoo", "surface/smooth"), ("SHADOW", "shadow"), ("surfce", "surface"), ("very", "surface/rough/very-rough")],
)
def test_a_part_of_a_name_or_a_misspelt_one_finds_the_attribute_and_says_so(
    made: Path, wanted: str, candidate: str
) -> None:
    found = explain(made, wanted)
    assert found.candidate == candidate
    told = f"The nearest to {wanted!r} is {candidate}. "
    assert found == dataclasses.replace(explain(made, candidate), text=told + explain(made, candidate).text)


def test_of_several_attributes_the_nearest_comes_first_and_none_is_taken(made: Path) -> None:
    with pytest.raises(UsageError, match=r"--explain 's' may be any of \d attributes, name one: ") as error:
        explain(made, "s")
    named = str(error.value).partition("name one: ")[2].split(", ")
    assert set(named) == {"surface", "surface/smooth", "shadow", "edge/sharp"}
    assert named[0] == "edge/sharp"


def test_what_is_like_nothing_is_refused(made: Path) -> None:
    for wanted in ("xyz", "", " "):
        with pytest.raises(UsageError, match="the search knows no such attribute; there are: "):
            explain(made, wanted)


def test_without_a_search_there_is_nothing_to_explain(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="diffex search"):
        explain(tmp_path / "run", "surface")
