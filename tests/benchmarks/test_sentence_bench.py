"""The benchmark of the first sentence: a small real run, on drawn birds."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from figures import rows

from benchmarks.sentences import __main__ as command
from benchmarks.sentences.builds import BEFORE, HERE, THIS, Build
from benchmarks.sentences.cases import Case, cases
from benchmarks.sentences.exact import Truth
from benchmarks.sentences.records import Records
from diffex_cli.birds import samples
from diffex_cli.core.errors import DiffexError, UsageError

SNOW, WHITE = "background/land-background/snow-background", "head/head-color/white-head"
CASE = Case("planted", "birds:panel-planted-head-95", "jay", "render:birds", 12)
PLANTED = "planted, the shortcut truly on top"
MARKERS = ("sentences", "claims", "wrong-sentences", "sentences-by-case")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, with this build as its own predecessor."""
    folder = tmp_path_factory.mktemp("sentences")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        command.main(_arguments(folder / "work", "--base", str(HERE)))
    return folder / "work"


def _arguments(work: Path, *more: str) -> list[str]:
    case = ["--editors", CASE.editor, "--images", str(CASE.images), "--groups", CASE.group]
    return ["--work", str(work), *case, "--classifiers", CASE.classifier, *more]


def test_both_builds_are_asked_on_the_same_edits(work: Path) -> None:
    records = Records(work / "answers.jsonl")
    this, before = records.get(CASE, THIS), records.get(CASE, BEFORE)
    assert this is not None
    assert before is not None
    assert this.answer.named[0] == WHITE
    assert "white head" in this.answer.sentence
    assert this.answer.made > 0
    assert before.answer.made == 0
    assert (before.answer.sentence, before.exact) == (this.answer.sentence, this.exact)


def test_a_perfect_editor_finds_the_exact_effects_of_single_values(work: Path) -> None:
    record = Records(work / "answers.jsonl").get(CASE, THIS)
    assert record is not None
    assert len(record.answer.searched) == CASE.images
    assert record.answer.claimed[WHITE] == pytest.approx(
        record.exact[WHITE], abs=0.01
    )  # the probe is not certain of all it sees
    assert not any("accessories" in id for id in record.exact)


def test_the_exact_effect_of_a_formula_follows_from_the_birds_records(tmp_path: Path) -> None:
    birds = dict(list(samples.records().items())[:4])
    effects = Truth(tmp_path).effects("birds:panel-single-snow", "yes", list(birds))
    elsewhere = sum(bird.background != "snow" for bird in birds.values()) / len(birds)
    assert effects[SNOW] == pytest.approx(3 * elsewhere, abs=0.2)  # 3 · [background = snow], as a probe sees it
    assert effects["tail"] == pytest.approx(0, abs=0.05)


def test_the_tables_go_into_the_page_without_asking_again(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def never(self: Build, case: Case) -> None:
        raise AssertionError("it was answered already")

    monkeypatch.setattr(Build, "ask", never)
    page = tmp_path / "truth.md"
    page.write_text("\n".join(f"<!-- {name} -->\n<!-- /{name} -->" for name in MARKERS), encoding="utf-8")
    before = (work / "answers.jsonl").read_bytes()
    command.main(_arguments(work, "--docs", str(tmp_path)))
    assert (work / "answers.jsonl").read_bytes() == before
    text = page.read_text(encoding="utf-8")
    assert [PLANTED, "`render:birds`", "12", "1", "100 % (100 %)", "1 (1)"] in [cells[:6] for cells in rows(text)]
    assert "| white head +" in text
    assert "not done yet" not in text
    capsys.readouterr()
    command.main([*_arguments(work, "--tables-only"), "--images", "12", "16"])
    assert "1 of 2 searches of this build are not done yet" in capsys.readouterr().out


def test_answers_of_other_code_are_asked_for_again(work: Path, tmp_path: Path) -> None:
    old = work / "answers.jsonl"
    lines = [json.loads(line) for line in old.read_text(encoding="utf-8").splitlines()]
    (tmp_path / "answers.jsonl").write_text(
        "".join(json.dumps({**line, "sources": "other"}) + "\n" for line in lines), encoding="utf-8"
    )
    shutil.copytree(work / "runs", tmp_path / "runs")
    command.main(_arguments(tmp_path))
    records = Records(tmp_path / "answers.jsonl")
    this, again = Records(old).get(CASE, THIS), records.get(CASE, THIS)
    assert this is not None
    assert again is not None
    assert again.sources == this.sources
    assert (again.answer.sentence, again.answer.made) == (this.answer.sentence, 0)


def test_a_search_that_fails_is_named_with_what_stopped_it(work: Path) -> None:
    with Build(THIS, HERE, work) as build, pytest.raises(DiffexError, match="--target maybe ended with 2"):
        build.ask(dataclasses.replace(CASE, target="maybe"))
    assert "has no class 'maybe'" in (work / "this-build.log").read_text(encoding="utf-8")


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(SystemExit, match="--images 49: there are 48 sample images"):
        command.main(["--images", "49"])
    with pytest.raises(SystemExit, match="--classifiers birds:probe: it is in none of the groups shortcut"):
        command.main(["--groups", "shortcut", "--classifiers", "birds:probe"])


def test_a_base_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no diffex_cli in it"):
        Build(BEFORE, tmp_path, tmp_path)
    (tmp_path / "diffex_cli").mkdir()
    with pytest.raises(UsageError, match=r"has no \.egg-info"):
        Build(BEFORE, tmp_path, tmp_path)


def test_a_garbled_answer_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"case": {}}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"answers\.jsonl:1 is no answer"):
        Records(tmp_path / "answers.jsonl")


def test_few_images_and_drawn_pictures_come_first() -> None:
    asked = cases(["ledits:birds", "render:birds"], [48, 16], ["shortcut", "null"])
    assert [one.images for one in asked] == sorted(one.images for one in asked)
    assert asked[0].editor == "render:birds"
    assert len({one.id for one in asked}) == len(asked) == 4 * (5 + 8)
