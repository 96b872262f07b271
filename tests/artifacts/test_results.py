"""Several results in one run directory: none is lost, mixed or taken for another, whenever its writer is killed."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from diffex_cli.artifacts import results
from diffex_cli.artifacts.files import sweep
from diffex_cli.artifacts.results import bring_back, find, forget, home_of, kept, set_aside
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import Backend, SearchDocument
from diffex_cli.core.errors import UsageError


def document(target: str, classifier: str = "birds:species", delta: float = 0.1) -> SearchDocument:
    return SearchDocument(
        target=target,
        images=3,
        delta=delta,
        seed=0,
        editor=Backend("tint:", "e"),
        classifier=Backend(classifier, "c"),
        provenance={"delta": delta},
    )


def write(run: RunDirectory, one: SearchDocument, page: bool = True) -> None:
    """What a search does at its end, and a report after it."""
    before = kept(run, one)
    set_aside(run)
    results.write(run, one, results.Tables((), (), None), {"of": one.target})
    if before is not None:
        forget(run, before)
    if page:
        (run.path / "report").mkdir(exist_ok=True)
        (run.path / "report" / "index.html").write_text(f"{one.target} {one.delta}")


def found(run: Path) -> dict[tuple[str, str], tuple[float, str]]:
    """Target and classifier → δ of the result, and what its page says; every one is whole."""
    there = {}
    for one in results.results(run):
        read = RunDirectory(run, one.folder)
        search = read.search()
        assert read.ranking() == ()
        page = one.folder / "report" / "index.html"
        there[one.target, one.classifier] = search.delta, page.read_text() if page.exists() else ""
    return there


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.yaml").touch()
    return RunDirectory(tmp_path / "run")


def test_one_target_does_not_erase_another(run: RunDirectory) -> None:
    write(run, document("cardinal"))
    assert not (run.path / "results").exists()
    write(run, document("duck"))
    assert run.search().target == "duck"
    assert found(run.path) == {
        ("duck", "birds:species"): (0.1, "duck 0.1"),
        ("cardinal", "birds:species"): (0.1, "cardinal 0.1"),
    }
    assert find(run.path) == find(run.path, "duck") == run.path
    assert find(run.path, "cardinal") == run.path / "results" / "cardinal"
    write(run, document("cardinal", delta=0.2))
    assert found(run.path) == {
        ("cardinal", "birds:species"): (0.2, "cardinal 0.2"),
        ("duck", "birds:species"): (0.1, "duck 0.1"),
    }
    assert [folder.name for folder in (run.path / "results").iterdir()] == ["duck"]


def test_another_classifier_is_another_result(run: RunDirectory) -> None:
    for classifier in ("birds:species", "birds:shortcut", "birds:null", "birds:probe"):
        write(run, document("A - B", classifier))
    names = ["a-b", "a-b-by-birds-null", "a-b-by-birds-shortcut"]
    assert sorted(folder.name for folder in (run.path / "results").iterdir()) == names
    assert find(run.path, "A - B", "birds:null").name == "a-b-by-birds-null"
    assert find(run.path, classifier="birds:species").name == "a-b"
    with pytest.raises(UsageError, match=r"no result for 'jay' in .*: there are A - B, A - B \(by birds"):
        find(run.path, "jay")
    write(run, document("jay", "birds:probe"))
    with pytest.raises(UsageError, match=r"there are several results for 'A - B' in .*by birds:null"):
        find(run.path, "A - B")


def test_an_unknown_target_is_told_which_there_are(run: RunDirectory) -> None:
    assert find(run.path, "jay") == run.path, "nothing is there: the reader says what is missing"
    write(run, document("cardinal"))
    with pytest.raises(
        UsageError, match=r"no result for 'jay' in \S+: there is cardinal \(`diffex search --run \S+ --"
    ):
        find(run.path, "jay")
    write(run, document("duck"))
    with pytest.raises(UsageError, match=r"there are duck, cardinal \("):
        find(run.path, "jay")
    with pytest.raises(UsageError, match=r"no result for 'duck' by birds:null in"):
        find(run.path, "duck", "birds:null")


def test_a_folder_names_its_result(run: RunDirectory) -> None:
    write(run, document("cardinal"))
    write(run, document("duck"))
    folder = find(run.path, "cardinal")
    assert home_of(folder) == run.path
    assert home_of(run.path) is None
    assert home_of(run.path / "images") is None


@given(labels=st.lists(st.text(max_size=80), min_size=1, max_size=4, unique=True))
@hypothesis_settings(max_examples=10, deadline=None)
def test_any_label_gets_a_folder_of_its_own_inside_the_run(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("run")
    # YAML gives some of them back as others, such as lone surrogates: no label can be one
    run, labels = RunDirectory(folder), [label for label in labels if label.isprintable()]
    for label in labels:
        write(run, document(label))
    assert {target for target, _ in found(folder)} == set(labels)
    for label in labels:
        assert find(folder, label).parent in (folder / "results", folder.parent)
    assert sorted(path.name for path in folder.parent.iterdir() if path == folder) == [folder.name]


@pytest.mark.parametrize("label", ["../../evil", "/etc/passwd", "..", ".", "", "CON", "a/b\\c", "☃" * 300, "x" * 300])
def test_no_label_leads_out_of_the_folder(run: RunDirectory, label: str) -> None:
    write(run, document(label))
    write(run, document("duck"))
    (folder,) = (run.path / "results").iterdir()
    assert set(folder.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert len(folder.name) <= 60
    assert find(run.path, label) == folder


def test_labels_that_differ_by_punctuation_alone(run: RunDirectory) -> None:
    for label in ("a b", "a-b", "A_B", "a.b"):
        write(run, document(label))
    assert len(found(run.path)) == 4
    assert find(run.path, "a b").name == "a-b"
    assert find(run.path, "a-b").name == "a-b-by-birds-species"
    assert find(run.path, "A_B").name == "a-b-by-birds-species-2"


def test_what_is_unreadable_is_not_kept_and_hides_no_other(run: RunDirectory) -> None:
    write(run, document("cardinal"))
    write(run, document("duck"))
    (run.path / "results" / "cardinal" / "search.yaml").write_text("{")
    assert list(found(run.path)) == [("duck", "birds:species")]
    (run.path / "search.yaml").write_text("{")
    assert set_aside(run) is None
    with pytest.raises(UsageError, match="cannot be read"):
        find(run.path, "cardinal")


class Killed(BaseException):
    """The process ends here."""


STEPS = ("rename", "unlink", "replace", "rmtree")


@pytest.fixture
def kill_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Ends the process before its k-th change to a folder; what it would clean up on the way out stays."""
    left = [-1]

    def counted(step: Callable[..., object]) -> Callable[..., object]:
        def limited(*arguments: object, **options: object) -> object:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return step(*arguments, **options)

        return limited

    for name in STEPS[:3]:
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    yield lambda k: left.__setitem__(0, k)
    left[0] = -1


SITUATIONS = {
    "the first to be kept": ("cardinal",),
    "one that was kept before": ("duck", "cardinal"),
    "one that is kept again": ("cardinal", "jay", "cardinal"),
}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_killed_anywhere_nothing_is_lost_or_mixed(
    tmp_path: Path, situation: str, back: bool, kill_after: Callable[[int], None]
) -> None:
    """A search for 'duck' ends, or 'duck' is brought back, and is killed before its k-th step, for every k."""
    before = tmp_path / "before"
    before.mkdir()
    targets = (*SITUATIONS[situation],)
    if back:
        targets = ("duck", *targets)
    for k, target in enumerate(targets):
        write(RunDirectory(before), document(target, delta=k + 1))
    expected = found(before)
    new = document("duck", delta=9)

    def finish(run: RunDirectory) -> None:
        old = kept(run, new)
        if back and (run.path / "search.yaml").exists() and run.search().target == "duck":
            if old is not None:
                forget(run, old)
        elif back:
            assert old is not None
            bring_back(run, old)
        else:
            write(run, new, page=False)

    for k in range(100):
        folder = tmp_path / f"killed-{k}"
        shutil.copytree(before, folder)
        run = RunDirectory(folder)
        kill_after(k)
        try:
            finish(run)
        except Killed:
            done = False
        else:
            done = True
        kill_after(-1)
        after = found(folder)
        ours = ("duck", "birds:species")
        for key, (delta, page) in expected.items():
            if key != ours:
                assert after[key] == (delta, page) or (after[key][0] == delta and not done and _somewhere(folder, page))
        if back:
            assert after[ours][0] == expected[ours][0]
            assert _somewhere(folder, expected[ours][1])
        else:
            assert after.get(ours, (9, ""))[0] in (9, expected.get(ours, (9, ""))[0])
        sweep(folder)
        finish(run)
        again = found(folder)
        assert again.keys() == expected.keys() | {ours}
        assert {key: one for key, one in again.items() if key != ours} == {
            key: one for key, one in expected.items() if key != ours
        }
        assert again[ours] == expected[ours] if back else again[ours][0] == 9
        assert not list(folder.rglob("*.tmp"))
        if done:
            return
    raise AssertionError("it never ends")


def _somewhere(folder: Path, page: str) -> bool:
    return any(file.read_text() == page for file in folder.rglob("index.html"))


def test_a_copy_that_a_kill_left_beside_the_last_search_is_no_second_result(run: RunDirectory) -> None:
    write(run, document("cardinal"))
    write(run, document("duck"))
    home = run.path / "results" / "duck"
    home.mkdir()
    for name in ("search.yaml", "ranking.parquet"):
        shutil.copy(run.path / name, home)
    run.write_search(dataclasses.replace(run.search(), delta=0.5))
    assert len(results.results(run.path)) == 2
    assert find(run.path, "duck") == run.path
