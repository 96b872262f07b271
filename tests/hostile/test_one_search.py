"""``search.yaml`` and the rankings beside it are of one search, or nobody shows them: whatever was killed, was full, or
was copied together."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from synthetic_runs import deltas, make_run
from typer.testing import CliRunner

from diffex_cli.artifacts import results
from diffex_cli.artifacts.documents import read_document
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SEARCH_SCHEMA, SearchDocument
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.report.finished import read_finished
from diffex_cli.report.reading import read_report_data

COLLAR = "nape/collar"


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def searched(path: Path, target: str, effect: float, of_all: bool = False) -> RunDirectory:
    """A run whose last search is for a target, with an effect that no other has."""
    make_run(path, {COLLAR: deltas(effect, 0.1)}, target=target, kept=[COLLAR])
    run = RunDirectory(path)
    document, ranking = run.search(), run.ranking()
    results.write(run, document, results.Tables(ranking, (), ranking if of_all else None), {})
    return run


def shown(path: Path) -> tuple[str, str, float] | None:
    """The target as both files have it, and the effect; ``None`` if the reader says that something is to be done
    first."""
    try:
        run = read_finished(path)
        (row,) = run.ranking
    except IncompleteError:
        return None
    return run.search.target, row.target, round(row.effect, 3)


@pytest.fixture
def both(tmp_path: Path) -> tuple[RunDirectory, RunDirectory]:
    return searched(tmp_path / "a", "cardinal", 1.0, of_all=True), searched(tmp_path / "b", "jay", -2.0, of_all=True)


def test_all_files_of_a_search_have_its_id(both: tuple[RunDirectory, RunDirectory]) -> None:
    first, second = both
    ids = {run.search().id for run in both}
    assert None not in ids
    assert len(ids) == 2
    assert repr(first.ranking(first.search())) == repr(first.ranking_of_all(first.search()))
    data = read_report_data(second.path)
    assert data.search == second.search().id


def test_the_id_is_of_what_was_found(tmp_path: Path) -> None:
    first, second = (searched(tmp_path / name, "cardinal", 1.0) for name in "ab")
    assert first.search().id == second.search().id
    assert searched(tmp_path / "c", "cardinal", 1.1).search().id != first.search().id


@pytest.mark.parametrize("copied", ["search.yaml", "ranking.parquet"])
@pytest.mark.parametrize(
    "command",
    [
        ["report", "{run}"],
        ["report", "{run}", "--terminal"],
        ["report", "{run}", "--table", "md"],
        ["report", "{run}", "--figures"],
        ["check", "{run}", "--max", "collar=9"],
        ["check", "{other}", "--against", "{run}"],
        ["compare", "{run}", "{other}"],
        ["study", "make", "--kind", "quality", "--run", "{run}"],
        ["search", "--run", "{run}", "--explain", "collar"],
    ],
    ids=lambda command: " ".join(command) if isinstance(command, list) else command,
)
def test_a_mix_is_shown_by_nobody(
    both: tuple[RunDirectory, RunDirectory], command: list[str], copied: str, tmp_path: Path
) -> None:
    first, second = both
    shutil.copytree(second.path, tmp_path / "whole")
    shutil.copy(first.path / copied, second.path / copied)
    words = [word.format(run=second.path, other=tmp_path / "whole") for word in command]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 3, result.output
    assert f"are of different searches: run `diffex search --run {second.path}" in result.stderr
    assert "Traceback" not in result.output


def test_the_ranking_of_all_classes_is_of_the_same_search(both: tuple[RunDirectory, RunDirectory]) -> None:
    first, second = both
    shutil.copy(first.path / "ranking-all.parquet", second.path / "ranking-all.parquet")
    assert second.ranking()
    with pytest.raises(IncompleteError, match=r"search\.yaml and ranking-all\.parquet in .* different searches"):
        second.ranking_of_all()


@pytest.mark.parametrize("lacks", ["search.yaml", "ranking.parquet"])
def test_an_id_on_one_side_only_is_a_mix(tmp_path: Path, lacks: str) -> None:
    new = searched(tmp_path / "new", "cardinal", 1.0)
    old = make_run(tmp_path / "old", {COLLAR: deltas(1.0, 0.1)}, kept=[COLLAR])
    assert shown(old) == ("cardinal", "cardinal", 1.0), "without ids on either side they are taken as they are"
    shutil.copy(old / lacks, new.path / lacks)
    assert shown(new.path) is None


def test_a_mix_takes_no_kept_result_s_place(both: tuple[RunDirectory, RunDirectory]) -> None:
    run, other = both
    results.set_aside(run)
    results.write(run, other.search(), results.Tables(other.ranking(), (), None), {})
    kept = results.find(run.path, "cardinal")
    whole = (kept / "ranking.parquet").read_bytes()
    shutil.copy(kept / "search.yaml", run.path / "search.yaml")
    assert results.set_aside(run) is None
    assert (kept / "ranking.parquet").read_bytes() == whole
    assert shown(kept) == ("cardinal", "cardinal", 1.0)


def test_a_result_that_comes_back_is_alone(both: tuple[RunDirectory, RunDirectory]) -> None:
    """Nothing of what could not be set aside stays beside it."""
    run, other = both
    results.set_aside(run)
    kept = RunDirectory(run.path, results.find(run.path, "cardinal") if (run.path / "search.yaml").exists() else
                        run.path / "results" / "cardinal")  # fmt: skip
    (kept.result / "ranking-all.parquet").unlink()
    results.write(run, other.search(), results.Tables(other.ranking(), (), other.ranking()), {})
    (run.path / "ranking.parquet").write_bytes(b"torn")
    results.bring_back(run, kept)
    assert shown(run.path) == ("cardinal", "cardinal", 1.0)
    assert run.ranking_of_all() is None


CALLS = ("fsync", "replace", "rename", "unlink")


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, BaseException], None]:
    """Arms an exception for the k-th of all calls that change a folder or flush a file."""

    def arm(number: int, error: BaseException) -> None:
        left = iter(range(number))
        for name in CALLS:
            real = getattr(os, name)

            def failing(*args: object, real: Callable[..., object] = real, **more: object) -> object:
                if next(left, None) is None:
                    raise error
                return real(*args, **more)

            monkeypatch.setattr(os, name, failing)

    return arm


def moments(most: int = 60) -> Iterator[int]:
    yield from range(most)


@pytest.mark.parametrize(
    "error", [Killed(), OSError(errno.ENOSPC, "No space left on device")], ids=["killed", "disk full"]
)
def test_a_search_that_ends_between_two_writes_leaves_no_mix(
    tmp_path: Path,
    both: tuple[RunDirectory, RunDirectory],
    interrupted: Callable[[int, BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    """The last search was for one target, the next is for another, and ends at every single moment."""
    first, second = both
    document, ranking = second.search(), second.ranking()
    allowed = {("cardinal", "cardinal", 1.0), ("jay", "jay", -2.0), None}
    seen = set()
    for moment in moments():
        here = tmp_path / f"at-{moment}"
        shutil.copytree(first.path, here)
        run = RunDirectory(here)
        interrupted(moment, error)
        try:
            results.set_aside(run)
            results.write(run, document, results.Tables(ranking, (), ranking), {})
            ended = True
        except (Killed, OSError, DiffexError):
            ended = False
        monkeypatch.undo()
        found = shown(here)
        assert found in allowed, f"at {moment}"
        seen.add(found)
        of_all = run.ranking_of_all() if found else None
        assert of_all is None or of_all[0].target == found[0], f"at {moment}"  # type: ignore[index]
        for one in results.results(here):
            assert shown(one.folder) in allowed - {None}, f"at {moment}"
        if ended:
            break
    else:
        raise AssertionError("it does not end")
    assert moment > 6
    assert seen == allowed


def test_files_without_ids_that_do_not_change_stay(tmp_path: Path) -> None:
    path = make_run(tmp_path / "old", {COLLAR: deltas(1.0, 0.1)}, kept=[COLLAR])
    assert read_document(path / "search.yaml", SEARCH_SCHEMA).get("id") is None
    assert "id" in {field.name for field in dataclasses.fields(SearchDocument)}
    bad = RunDirectory(make_run(tmp_path / "bad", {COLLAR: deltas(1.0, 0.1)}, search={"id": ["a"]}))
    with pytest.raises(UsageError, match=r"id: text is expected, not a list"):
        bad.search()
