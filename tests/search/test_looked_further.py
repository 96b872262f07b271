"""What a search has a verifier look at besides what edits were asked for: the class, what is protected, a sample."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from pipeline import SILENT
from test_checked_search import Leaky, faithful, made, run

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.birds.editor import RenderEditor
from diffex_cli.birds.verifier import ProbeVerifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.settings import Settings
from diffex_cli.measure import verify
from diffex_cli.measure.looking import SAMPLED, sampled
from diffex_cli.measure.paying import LimitReached
from diffex_cli.measure.session import Backends, Session
from diffex_cli.report import sentences
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search
from diffex_cli.verifiers.attributes import CLASS, attributes_of
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier

__all__ = ["faithful"]  # a fixture


class Dear(ProbeVerifier):
    """The probe, as if it cost something; counts what it is asked."""

    costs = True
    asked = 0

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[Any]:
        self.asked += len(sights) * len(attributes)
        return super().seen(sights, attributes)


def searched(of: Settings, verifier: Dear) -> search.SearchSummary:
    return search.run(of, SILENT, backends=Backends(editor=Leaky(parse_spec("render:birds")), verifier=verifier))


@pytest.fixture(scope="module")
def costly(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, search.SearchSummary, Dear]:
    """``white head`` has a tall crest drawn, which the classifier goes by."""
    of, verifier = made(tmp_path_factory.mktemp("costly"), protect=("tail",)), Dear("cpu")
    return of, searched(of, verifier), verifier


def test_of_a_sample_of_what_is_reported_everything_is_read(
    costly: tuple[Settings, search.SearchSummary, Dear],
) -> None:
    of, summary, verifier = costly
    session = Session(of, Backends(editor=Leaky(parse_spec("render:birds")), verifier=verifier))
    everything = {one.id for one in attributes_of(session.searched)}
    claimed = {row.candidate for row in summary.ranking if row.claim == "matters"}
    assert claimed
    whole = {key for key, reading in session.readings.items() if everything <= reading.keys() and key in session.edits}
    edits = [session.edits[key] for key in whole]
    assert {row.edit for row in edits if row.candidate} == {
        row.edit for row in sampled(session.run.measured(), claimed, of.seed)
    }
    assert len({row.image for row in edits}) >= min(SAMPLED, summary.images) - 1
    # an edit beside the sample was read for itself, its siblings and what is protected
    beside = next(row for row in session.edits.values() if row.candidate == "head/crest/no-crest")
    near = {f"head/crest/{one}-crest" for one in ("no", "short", "tall")} | {"tail/long-tail", "tail/forked-tail"}
    assert near <= session.readings[beside.edit].keys()
    if beside.edit not in whole:
        assert session.readings[beside.edit].keys() == near


def test_the_report_has_an_n_for_what_was_sampled(costly: tuple[Settings, search.SearchSummary, Dear]) -> None:
    of, summary, _ = costly
    data = read_report_data(of.run)
    claimed = [row for row in summary.ranking if row.claim == "matters"]
    for row in claimed:
        read = {one.id: one for one in data.also_changed[row.candidate]}
        assert 0 < read["head/head-color/red-head"].n <= SAMPLED or row.candidate.startswith("head/head-color")
        assert read["tail/long-tail"].protected
        assert math.isfinite(read["tail/long-tail"].low)
        assert row.n_class is not None
        assert row.n_class <= SAMPLED
    assert RunDirectory(of.run).search().protect == ("tail",)


def test_what_was_sampled_changes_no_effect_and_nothing_a_second_time(
    costly: tuple[Settings, search.SearchSummary, Dear], tmp_path: Path
) -> None:
    of, first, _ = costly
    again = Dear("cpu")
    second = searched(of, again)
    assert (second.up_to_date, second.ranking, again.asked) == (True, first.ranking, 0)
    session = Session(of, Backends(editor=Leaky(parse_spec("render:birds")), verifier=again))
    assert sum(map(len, session.readings.values())) < len(session.readings) * len(attributes_of(session.searched))
    plain = searched(made(tmp_path), Dear("cpu"))
    # the size of a batch changes a reading's last bits
    effects = {row.candidate: pytest.approx(row.effect, abs=1e-6) for row in first.ranking}
    assert {row.candidate: row.effect for row in plain.ranking} == effects


class Limited(Dear):
    """May answer so many questions, as one that is paid within ``--max-cost``."""

    most = 0

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> NDArray[Any]:
        if self.asked + len(sights) * len(attributes) > self.most:
            raise LimitReached("--max-cost 1 was reached")
        return super().seen(sights, attributes)


def test_what_is_found_stands_when_the_limit_ends_the_last_sample(
    costly: tuple[Settings, search.SearchSummary, Dear], tmp_path: Path
) -> None:
    _, whole, dear = costly
    limited, of = Limited("cpu"), made(tmp_path, protect=("tail",))
    limited.most = dear.asked - 1
    summary = searched(of, limited)
    assert 0 < limited.asked < dear.asked
    assert [warning.split(":")[0] for warning in summary.warnings] == [
        "what the edits changed besides is known of few of them"
    ]
    effects = [(row.candidate, pytest.approx(row.effect, abs=1e-6), row.claim) for row in whole.ranking]
    assert [(row.candidate, row.effect, row.claim) for row in summary.ranking] == effects
    again = Dear("cpu")
    assert searched(of, again).ranking == summary.ranking
    assert again.asked > 0, "a higher limit goes on where that one ended"


def test_verify_looks_at_such_a_sample(
    costly: tuple[Settings, search.SearchSummary, Dear], monkeypatch: pytest.MonkeyPatch
) -> None:
    of, _, _ = costly
    other = Dear("cpu")
    other.fingerprint = "another"
    monkeypatch.setattr("diffex_cli.measure.session.open_verifier", lambda *_: OpenedVerifier(other, "birds:probe"))
    monkeypatch.setattr("diffex_cli.measure.session.open_editor", lambda *_: Leaky(parse_spec("render:birds")))
    before = Session(of, Backends(editor=Leaky(parse_spec("render:birds")), verifier=Dear("cpu"))).readings
    verify.run(of, SILENT)
    after = Session(of, Backends(editor=Leaky(parse_spec("render:birds")), verifier=other)).readings
    edits = Session(of, Backends(editor=Leaky(parse_spec("render:birds")))).edits
    asked = {key: set(after[key]) for key, row in edits.items() if row.candidate}
    assert asked == {key: set(before[key]) for key, row in edits.items() if row.candidate}


def test_edits_that_change_the_class_itself_are_counted_and_marked(tmp_path: Path) -> None:
    """The probe goes by a cardinal's traits, of which a red head and a tall crest are two."""
    of = made(tmp_path, classifier="birds:species", target="cardinal", n_images=10)
    summary = run(of)
    rows = {row.name: row for row in summary.ranking}
    assert rows["white head"].n_class is not None
    assert 1 <= rows["white head"].n_class <= 3  # every fifth of the birds is a cardinal
    assert (rows["white head"].class_lost or 0) > 0
    assert rows["long tail"].class_lost == 0.0
    lost = [row for row in RunDirectory(of.run).measured() if row.class_lost]
    assert {row.candidate for row in lost} >= {"head/head-color/white-head"}
    data = read_report_data(of.run)
    assert data.own_class == "cardinal"
    images = data.evidence.class_lost["head/head-color/white-head"]
    assert images == {row.image for row in lost if row.candidate == "head/head-color/white-head"}
    sure = {"claim": "matters", "effect": 1.0, "low": 0.5, "high": 1.5, "p_corrected": 0.01, "below_floor": False}
    everything = dataclasses.replace(data, rows=tuple(dataclasses.replace(row, **sure) for row in data.rows))
    assert any("no longer sees ‘cardinal’" in text for text in sentences.cautions(everything))


def test_a_class_that_a_verifier_does_not_know_is_not_told_of(
    faithful: tuple[Settings, search.SearchSummary],
) -> None:
    of, summary = faithful
    assert {row.class_lost for row in summary.ranking} == {None}
    session = Session(of)
    asked = {id for reading in session.readings.values() for id in reading if id.startswith(CLASS)}
    assert asked == {"class:yes"}
    assert not any("no longer sees" in text for text in sentences.cautions(read_report_data(of.run)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"protect": ("whiskers",)}, "--protect whiskers: the hierarchy has no attribute of this id or with these"),
        ({"protect": ("tail",), "verifier": "none"}, "there is no verifier: give --verifier SPEC, or leave --protect"),
    ],
)
def test_what_cannot_be_protected_is_told_before_anything_is_done(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    of = made(tmp_path, **changes)
    for stage in (lambda: run(of, RenderEditor), lambda: search.plan(of)):
        with pytest.raises(UsageError, match=sentence):
            stage()
    assert not list((of.run / "edits").glob("*.parquet"))
