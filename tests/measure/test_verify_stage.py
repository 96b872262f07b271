from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pipeline import N_IMAGES, N_ROOTS, SILENT, make_corpus, settings

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, verify
from diffex_cli.measure.changes import changed_box
from diffex_cli.measure.session import Backends, Session
from diffex_cli.measure.verifying import attributes_of, make_readings, missing_readings
from diffex_cli.search import search
from diffex_cli.verifiers.base import Attribute, Sight

EYES = (
    "def seen(pictures, words):\n    return [[{answer} if one.getbbox() else 0.0] * len(words) for one in pictures]\n"
)
"""Tell black from anything else."""
PICTURES = N_IMAGES * (N_ROOTS + 2)


class Witness:
    """Sees everything, and remembers what it was shown."""

    fingerprint = "witness"
    costs = False

    def __init__(self) -> None:
        self.shown: list[Sight] = []
        self.asked: list[str] = []

    def exclusive(self, attributes: Sequence[Attribute]) -> tuple[frozenset[str], ...]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        self.shown += sights
        self.asked += [one.id for one in attributes]
        return np.ones((len(sights), len(attributes)))


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def with_eyes(root: Path, monkeypatch: pytest.MonkeyPatch, name: str, answer: str = "0.25", **changes: Any) -> Settings:
    (root / f"{name}.py").write_text(EYES.format(answer=answer))
    monkeypatch.syspath_prepend(str(root))
    return settings(root, verifier=f"python:{name}:seen", **changes)


def session_of(root: Path) -> tuple[Session, Witness]:
    made = make_corpus(root)
    edit.run(made, SILENT)
    witness = Witness()
    return Session(made, Backends(verifier=witness)), witness


def test_every_picture_is_looked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_corpus(tmp_path)
    made = with_eyes(tmp_path, monkeypatch, "eyes_once")
    assert verify.run(made, SILENT).seen == N_IMAGES
    edit.run(made, SILENT)
    assert verify.plan(made).to_do == PICTURES - N_IMAGES
    summary = verify.run(made, SILENT)
    assert (summary.needed, summary.cached, summary.seen) == (PICTURES, N_IMAGES, PICTURES - N_IMAGES)
    assert len(list((made.run / "seen").glob("*.parquet"))) == 1
    assert verify.run(made, SILENT).seen == 0
    session = Session(made)
    assert len(session.readings) == PICTURES
    wanted = {one.id: 0.25 for one in attributes_of(session.corpus)}
    assert all(reading == wanted for reading in session.readings.values())
    assert RunDirectory(made.run).recorded()["settings"]["verifier"] == "python:eyes_once:seen"


def test_without_a_verifier_there_is_nothing_to_do(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    with pytest.raises(UsageError, match="give --verifier SPEC"):
        verify.run(made, SILENT)
    session = Session(made)
    assert (session.verifier, session.readings) == (None, {})
    wanted = dict.fromkeys(session.images, ("shadow",))
    assert missing_readings(session, wanted) == {}
    assert make_readings(session, wanted, SILENT, "verify") == 0


def test_only_what_is_missing_is_asked(tmp_path: Path) -> None:
    session, witness = session_of(tmp_path)
    first, second, *_ = session.images
    assert make_readings(session, {first: ["shadow"]}, SILENT, "verify") == 1
    wanted = {first: ["shadow", "surface/smooth"], second: ["shadow"]}
    assert missing_readings(session, wanted) == {first: ("surface/smooth",), second: ("shadow",)}
    assert make_readings(session, wanted, SILENT, "verify") == 2
    assert witness.asked == ["shadow", "surface/smooth", "shadow"]
    again = Session(session.settings, Backends(verifier=witness))
    assert again.readings == session.readings
    assert missing_readings(again, wanted) == {}
    with pytest.raises(KeyError):
        missing_readings(again, {first: ["no/such"]})


def test_a_reading_is_of_the_words_that_were_asked(tmp_path: Path) -> None:
    session, witness = session_of(tmp_path)
    image = next(iter(session.images))
    make_readings(session, {image: ["shadow", "edge/sharp"]}, SILENT, "verify")
    file = session.run.path / "corpus.yaml"
    file.write_text(file.read_text().replace("prompt: sharp", "prompt: very sharp"))
    again = Session(session.settings, Backends(verifier=witness))
    assert again.readings == {image: {"shadow": 1.0}}


def test_an_edit_is_shown_with_what_changed(tmp_path: Path) -> None:
    session, witness = session_of(tmp_path)
    make_readings(session, {key: ["shadow"] for key in (*session.images, *session.edits)}, SILENT, "verify")
    crops = [sight.crop for sight in witness.shown]
    nothing_asked = [row.edit for row in session.edits.values() if not row.candidate]
    unchanged = [row.edit for row in session.edits.values() if row.candidate and row.status == "no-op"]
    assert crops.count(None) == len(session.images) + len(nothing_asked) + len(unchanged)
    assert all(crop == (0, 0, 20, 16) for crop in crops if crop is not None)


def test_a_picture_that_is_lost_meanwhile_costs_itself_alone(tmp_path: Path) -> None:
    session, _ = session_of(tmp_path)
    lost, *others = [row for row in session.edits.values() if row.candidate and row.status == "ok"][:3]
    assert lost.file is not None
    (session.run.path / lost.file).write_bytes(b"torn")
    notes = Notes()
    make_readings(session, {row.edit: ["shadow"] for row in (lost, *others)}, notes, "verify")
    assert math.isnan(session.readings[lost.edit]["shadow"])
    assert all(session.readings[row.edit] == {"shadow": 1.0} for row in others)
    assert "could not be shown to the verifier" in notes.notes[0]
    assert lost.file in notes.notes[0]
    rows = session.run.seen_parts.read().to_pylist()
    assert [row["reason"] is None for row in rows if row["subject"] == lost.edit] == [False]


def test_one_that_costs_is_asked_of_an_edit_what_the_edit_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_corpus(tmp_path)
    made = with_eyes(tmp_path, monkeypatch, "eyes_that_cost")
    made = settings(tmp_path, verifier=f"{made.verifier}:costs=yes")
    edit.run(made, SILENT)
    verify.run(made, SILENT)
    session = Session(made)
    shadows = [row for row in session.edits.values() if row.candidate == "shadow"]
    assert shadows
    assert all(list(session.readings[row.edit]) == ["surface", "edge", "shadow"] for row in shadows)
    everything = len(attributes_of(session.corpus))
    assert all(len(session.readings[image]) == everything for image in session.images)


def test_a_verifier_that_fails_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_corpus(tmp_path)
    before = RunDirectory(made.run).recorded()
    with pytest.raises(DiffexError, match="the verifier python:eyes_wrong:seen gave 7 for the attribute"):
        verify.run(with_eyes(tmp_path, monkeypatch, "eyes_wrong", "7"), SILENT)
    assert RunDirectory(made.run).recorded() == before


def test_a_search_says_what_verified_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_corpus(tmp_path)
    made = with_eyes(tmp_path, monkeypatch, "eyes_of_search")
    search.run(made, SILENT)
    kept = RunDirectory(made.run).search().verifier
    assert kept is not None
    assert kept.spec == "python:eyes_of_search:seen"
    assert kept.fingerprint == Session(made).verifier.fingerprint  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("spot", "box"),
    [
        ((40, 40, 60, 60), (34, 34, 66, 66)),
        ((0, 0, 2, 2), (0, 0, 25, 25)),
        ((98, 50, 100, 90), (75, 44, 100, 96)),
        ((0, 0, 100, 100), (0, 0, 100, 100)),
    ],
)
def test_the_box_holds_what_changed(spot: tuple[int, int, int, int], box: tuple[int, int, int, int]) -> None:
    before = Image.new("RGB", (100, 100), (90, 90, 90))
    after = before.copy()
    after.paste((107, 90, 90), spot)
    found = changed_box(before, after)
    assert found is not None
    assert all(abs(one - other) <= 1 for one, other in zip(found, box, strict=True)), found
    faint = before.copy()
    faint.paste((106, 90, 90), spot)
    assert changed_box(before, faint) is None
