"""Verifiers that deserve trust and such that do not, before they are used."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import N_IMAGES, SILENT, make_corpus, settings

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.verifier_test import VerifierTest, file_of_test, read_test
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.measure import verify
from diffex_cli.measure.self_test import NONSENSE, ORIGINALS, check_verifier
from diffex_cli.measure.session import Backends, Session
from diffex_cli.search import search
from diffex_cli.verifiers.attributes import attributes_of
from diffex_cli.verifiers.base import Attribute, Sight

Answer = Callable[[Image.Image, str], float]
KNOWN = ("rough", "smooth", "shadow")


class Eyes:
    """Answer picture by picture and word by word, and count."""

    def __init__(self, answer: Answer, costs: bool = False, calibrated: bool = True) -> None:
        self.answer, self.costs, self.calibrated, self.fingerprint = answer, costs, calibrated, "eyes"
        self.answers = 0

    def exclusive(self, attributes: Sequence[Attribute]) -> tuple[frozenset[str], ...]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        self.answers += len(sights) * len(attributes)
        return np.array([[self.answer(sight.picture, one.prompt) for one in attributes] for sight in sights])


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def plain(picture: Image.Image) -> bool:
    return len(picture.getcolors() or ()) == 1


def session_of(root: Path, eyes: Eyes, **changes: Any) -> Session:
    made = settings(root, **changes) if (root / "run").exists() else make_corpus(root, **changes)
    return Session(made, Backends(verifier=eyes))


def wanted_of(session: Session) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(session.images, tuple(one.id for one in attributes_of(session.corpus)))


def tried(
    root: Path, answer: Answer, progress: SilentProgress = SILENT, calibrated: bool = True, **changes: Any
) -> VerifierTest:
    """What the test of a verifier finds, one that fails too."""
    session = session_of(root, Eyes(answer, calibrated=calibrated), any_verifier=True, **changes)
    check_verifier(session, wanted_of(session), progress, "verify")
    found = read_test(session.run.path, "eyes")
    assert found is not None
    return found


def honest(picture: Image.Image, words: str) -> float:
    return math.nan if words in NONSENSE else float(words in KNOWN and not plain(picture))


def test_an_honest_one_passes(tmp_path: Path) -> None:
    test = tried(tmp_path, honest)
    assert (test.verdict, test.sight, test.sense, test.told) == ("passed", "passed", "passed", "")
    assert (test.originals, test.compared, test.differing, test.seen) == (ORIGINALS, 8, 3, 3)
    assert (test.nonsense_read, test.nonsense_seen, test.highest) == (0, 0, 1.0)


@pytest.mark.parametrize("always", [0.3, 0.7, 1.0])
def test_one_that_says_the_same_of_every_picture_is_blind(always: float, tmp_path: Path) -> None:
    test = tried(tmp_path, lambda picture, words: always)
    assert (test.verdict, test.sight) == ("failed", "failed")
    assert "it reads 8 attributes off 4 originals as off plain black and white pictures" in test.told


def test_one_that_says_yes_to_everything_does_not_listen(tmp_path: Path) -> None:
    test = tried(tmp_path, lambda picture, words: 0.1 if plain(picture) else 0.9)
    assert (test.verdict, test.sight, test.sense) == ("failed", "passed", "failed")
    assert test.told.startswith("it sees words that mean nothing (‘a blorvex quandle’, ")
    assert test.told.endswith(" in 12 of 12 readings of originals")


@pytest.mark.parametrize(
    ("calibrated", "nonsense", "sense"),
    [(True, 0.6, "failed"), (False, 0.6, "passed"), (False, 0.7, "failed")],
    ids=["probabilities", "less than of what is there", "as much as of what is there"],
)
def test_what_is_no_probability_may_be_high_for_nonsense_but_not_as_high_as_for_what_is_there(
    calibrated: bool, nonsense: float, sense: str, tmp_path: Path
) -> None:
    def answer(picture: Image.Image, words: str) -> float:
        return nonsense if words in NONSENSE else 0.7 if honest(picture, words) else 0.55

    assert tried(tmp_path, answer, calibrated=calibrated).sense == sense


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda picture, words: 0.0, "it sees none of 8 attributes in 4 originals"),
        (lambda picture, words: 0.02 if plain(picture) else 0.01, "it sees none of 8 attributes in 4 originals"),
        (lambda picture, words: math.nan, "it cannot tell any attribute in 4 originals"),
    ],
    ids=["none is there", "none is there, softly", "knows none of the words"],
)
def test_where_the_pictures_show_nothing_of_it_an_honest_one_does_not_fail(
    answer: Answer, told: str, tmp_path: Path
) -> None:
    notes = Notes()
    test = tried(tmp_path, answer, notes)
    assert (test.verdict, test.told) == ("undecided", told)
    assert notes.notes == [f"the test of the verifier none could not be decided: {told}"]


def test_one_image_and_one_attribute_fail_nobody_who_is_honest(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes:\n- name: dark or light\n")
    few = {"corpus_file": tmp_path / "one.yaml", "n_images": 1}
    test = tried(tmp_path, lambda picture, words: float(words == "dark or light"), **few)
    assert (test.verdict, test.sight, test.originals, test.compared) == ("undecided", "undecided", 1, 1)
    assert test.told == "1 attribute alone cannot tell whether it sees anything"


@pytest.mark.parametrize("refusal", [KeyError("blorvex"), DiffexError("the server refuses /v1/seen (400)")])
def test_one_that_refuses_words_that_it_does_not_know_passes(refusal: Exception, tmp_path: Path) -> None:
    def strict(picture: Image.Image, words: str) -> float:
        if words in NONSENSE:
            raise refusal
        return honest(picture, words)

    test = tried(tmp_path, strict)
    assert test.verdict == "passed"
    assert str(refusal) in test.problem


def test_what_the_user_can_mend_is_no_refusal(tmp_path: Path) -> None:
    def expired(picture: Image.Image, words: str) -> float:
        if words in NONSENSE:
            raise UsageError("set DIFFEX_HTTP_TOKEN to a valid one")
        return honest(picture, words)

    with pytest.raises(UsageError, match="DIFFEX_HTTP_TOKEN"):
        tried(tmp_path, expired)


def test_a_picture_that_is_lost_hides_no_blindness(tmp_path: Path) -> None:
    session = session_of(tmp_path, Eyes(lambda picture, words: 0.7), any_verifier=True)
    for image in sorted(session.images.values(), key=lambda one: one.image)[:2]:
        (session.run.path / image.file).write_bytes(b"torn")
    check_verifier(session, wanted_of(session), SILENT, "verify")
    test = read_test(session.run.path, "eyes")
    assert test is not None
    assert (test.sight, test.originals) == ("failed", 2)


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    eyes = Eyes(honest, costs=True)
    session = session_of(tmp_path, eyes)
    attributes = len(attributes_of(session.corpus))
    check_verifier(session, wanted_of(session), SILENT, "verify")
    assert eyes.answers == ORIGINALS * attributes + 2 * attributes + ORIGINALS * len(NONSENSE)
    assert sum(map(len, session.readings.values())) == ORIGINALS * attributes
    before = eyes.answers
    again = session_of(tmp_path, eyes)
    check_verifier(again, wanted_of(again), SILENT, "verify")
    assert eyes.answers == before


def test_readings_that_others_made_are_not_tested_here(tmp_path: Path) -> None:
    eyes = Eyes(honest)
    session = session_of(tmp_path, eyes)
    session.readings.update({image: dict.fromkeys(ids, 1.0) for image, ids in wanted_of(session).items()})
    check_verifier(session, wanted_of(session), SILENT, "verify")
    assert (eyes.answers, read_test(session.run.path, "eyes")) == (0, None)


def with_module(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> Any:
    (root / f"{name}.py").write_text("def seen(pictures, words):\n    return [[0.75] * len(words) for _ in pictures]\n")
    monkeypatch.syspath_prepend(str(root))
    return settings(root, verifier=f"python:{name}:seen", **changes)


@pytest.mark.parametrize("stage", [verify, search])
def test_a_stage_refuses_one_that_failed_unless_told_otherwise(
    stage: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_corpus(tmp_path)
    name = f"blind_in_{stage.__name__.rpartition('.')[2]}"
    blind = with_module(tmp_path, monkeypatch, name)
    before = RunDirectory(made.run).recorded()
    sentence = f"the verifier python:{name}:seen failed its test: it reads 8 attributes off 4 .* --any-verifier"
    for _ in range(2):  # the second time by what was kept
        with pytest.raises(UsageError, match=sentence):
            stage.run(blind, SILENT)
    assert RunDirectory(made.run).recorded() == before, "a verifier that failed is not remembered"
    assert not RunDirectory(made.run).edits(), "no edit was made for it"
    stage.run(with_module(tmp_path, monkeypatch, name, any_verifier=True), SILENT)
    readings = RunDirectory(made.run).seen_parts.read()
    assert len(set(readings["subject"].to_pylist())) >= N_IMAGES


def test_a_kept_test_is_held_against_itself(tmp_path: Path) -> None:
    tried(tmp_path, honest)
    file = file_of_test(tmp_path / "run", "eyes")
    good = file.read_text()
    for old, new, said in [
        ("differing: 3", "differing: 9", "differing: no more than compared, 8, is expected"),
        ("highest: 1.0", "highest: 7.0", "highest: a number from 0 to 1"),
        ("highest: 1.0", "highest: null", "highest: a number is expected where"),
        ("originals: 4", "originals: some", "originals: a whole number is expected"),
        ("fingerprint: eyes", "fingerprint: ears", "verifier.fingerprint: that of the file's name"),
        ("schema: diffex.verifier-test/1", "schema: diffex.verifier-test/2", "was written by a newer diffex"),
    ]:
        assert old in good
        file.write_text(good.replace(old, new))
        with pytest.raises(UsageError, match=said):
            read_test(tmp_path / "run", "eyes")
