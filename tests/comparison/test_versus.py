import dataclasses
import shutil
from pathlib import Path

import pytest
from pipeline import SILENT, make_corpus
from synthetic_runs import deltas, make_run

from diffex_cli.comparison.compare import compare
from diffex_cli.comparison.versus import write_page
from diffex_cli.core.settings import Settings
from diffex_cli.search import search


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Settings]:
    """The same images and edits, red and then blue explained; both measured everything."""
    made = make_corpus(tmp_path_factory.mktemp("runs"), algorithm="exhaustive", target="red")
    search.run(made, SILENT)
    other = dataclasses.replace(made, run=made.run.with_name("other"), target="blue")
    shutil.copytree(made.run, other.run)
    search.run(other, SILENT)
    return made, other


def test_the_page_of_two_searches(runs: tuple[Settings, Settings], tmp_path: Path) -> None:
    first, second = runs
    summary = compare([first.run, second.run])
    changed = [one for one in summary.comparisons[0].rankings.changes if one.changed]
    assert changed
    write_page(summary, tmp_path / "new" / "page.html")
    page = (tmp_path / "new" / "page.html").read_text()
    assert "<title>blue against red</title>" in page
    assert f"{len(changed)} of {len(summary.comparisons[0].rankings.changes)} attributes changed" in page
    assert page.count("<figure") >= 2 * min(len(changed), 8)
    assert "The runs explain different classes" in page
    matter = [{row.name for row in run.ranking if row.claim == "matters"} for run in summary.finished]
    for title, names in (
        ("by both runs", matter[0] & matter[1]),
        ("by the first run only", matter[0] - matter[1]),
        ("by the second run only", matter[1] - matter[0]),
    ):
        listed = page.partition(f"Shown to matter {title}")[2].partition("<dd>")[2].partition("</dd>")[0]
        assert set(listed.split(", ")) == (names or {"none"}), title
    # the same picture for both, with both scores
    assert "Probability of the class: first run " in page
    assert ", second run " in page
    assert "; second" not in page


def test_a_page_without_pictures_and_without_shared_attributes(tmp_path: Path) -> None:
    first = make_run(tmp_path / "a", {"background/snow": deltas(2.0, 0.2)}, kept=["background/snow"])
    second = make_run(tmp_path / "b", {"nape/collar": deltas(0.5, 0.1)}, kept=["nape/collar"], editor="other:")
    write_page(compare([first, second]), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "No attribute was measured by both runs." in page
    assert "What only one of them looked at and claims" in page
    assert "1 that the first claims, 1 that the second does" in page
    assert "<title>other: against tint:</title>" in page


def test_other_units_and_other_images(tmp_path: Path) -> None:
    effects = {"background/snow": deltas(0.2, 0.02), "nape/collar": deltas(0.5, 0.1)}
    first = make_run(tmp_path / "a", effects)
    second = make_run(tmp_path / "b", effects, first_image=50, search={"scale": "prob"})
    third = make_run(tmp_path / "c", effects, first_image=50)
    write_page(compare([first, second, third]), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("The two runs measure different quantities") == 2  # in the list of runs, and in its section
    assert "unpaired, n = 16" in page
    assert "2 runs against" in page
