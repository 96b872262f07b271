import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from long_scores import write_long
from pipeline import N_IMAGES, N_ROOTS, SILENT, make_corpus, settings

from diffex_cli.artifacts import verified
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.verified import Claim
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.measure import edit, score
from diffex_cli.measure.scoring import make_scores, unscored
from diffex_cli.measure.session import Session

PICTURES = N_IMAGES * (N_ROOTS + 2)


def test_originals_and_edits_with_every_class(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    assert score.run(made, SILENT).scored == N_IMAGES
    edit.run(made, SILENT)
    assert score.plan(made).to_do == PICTURES - N_IMAGES
    summary = score.run(made, SILENT)
    assert (summary.needed, summary.cached, summary.scored) == (PICTURES, N_IMAGES, PICTURES - N_IMAGES)
    (part,) = (made.run / "scores").glob("*.parquet")
    table = pq.read_table(part)
    assert table.num_rows == PICTURES
    assert set(table["kind"].to_pylist()) == {"original", "edit"}
    assert {len(row) for row in table["logits"].to_pylist()} == {3}
    assert json.loads(table.schema.metadata[b"diffex.labels"]) == ["red", "green", "blue"]
    assert score.run(made, SILENT).scored == 0


def test_a_torn_part_is_scored_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    score.run(made, SILENT)
    (part,) = (made.run / "scores").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:99])
    summary = score.run(made, SILENT)
    assert summary.scored == N_IMAGES
    assert str(part) in summary.warnings[0]


def test_only_this_seeds_edits_are_scored(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    for seed in (0, 1):
        edit.run(settings(tmp_path, seed=seed), SILENT)
    assert score.run(settings(tmp_path), SILENT).needed == PICTURES


def test_a_bad_spec_is_not_remembered(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    before = RunDirectory(made.run).recorded()
    with pytest.raises(UsageError):
        score.run(settings(tmp_path, classifier="pyton:x:y"), SILENT)
    assert RunDirectory(made.run).recorded() == before


@pytest.mark.parametrize(
    ("declared", "kind"),
    [("", "softmax"), (":kind=multilabel", "multilabel"), (":kind=regression", "regression")],
)
def test_the_classifier_says_what_its_logits_are(tmp_path: Path, declared: str, kind: str) -> None:
    made = make_corpus(tmp_path, classifier=f"python:colour_classifier:logits{declared}")
    score.run(made, SILENT)
    assert {row.output_kind for row in Session(made).scores.values()} == {kind}


def test_scores_of_before_get_the_kind_of_the_new_ones(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, classifier="python:colour_classifier:logits:kind=multilabel")
    score.run(made, SILENT)
    (part,) = (made.run / "scores").glob("*.parquet")
    before = Session(made)
    cells = [
        (row.subject, before.classifier.fingerprint, label, row.logit(label))
        for row in before.scores.values()
        for label in row.labels
    ]
    write_long(part, cells, without=["output_kind"])
    edit.run(made, SILENT)
    session = Session(made)
    assert {row.output_kind for row in session.scores.values()} == {"softmax"}
    make_scores(session, unscored(session, session.edits.values()), SILENT, "score")
    assert {row.output_kind for row in session.scores.values()} == {"multilabel"}
    assert {row.output_kind for row in Session(made).scores.values()} == {"multilabel"}


def test_a_kind_that_nobody_knows_is_the_adapters_mistake(tmp_path: Path) -> None:
    session = Session(make_corpus(tmp_path))
    session.classifier.own.__class__ = type("Odd", (type(session.classifier.own),), {"output_kind": "ordinal"})
    with pytest.raises(DiffexError, match="says that its output_kind is 'ordinal', which must be one of softmax"):
        make_scores(session, unscored(session, ()), SILENT, "score")


def test_what_edit_has_written_is_not_looked_at_before_it_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def spy(claim: Claim, run: Path) -> bool:
        looked_at.append(claim.file)
        return True

    monkeypatch.setattr(verified, "fits", spy)
    monkeypatch.setattr(verified, "_YOUNG", -(10**18))
    made = make_corpus(tmp_path)
    edit.run(made, SILENT)
    assert score.run(made, SILENT).scored == PICTURES
    assert not looked_at
    next((made.run / "edits" / "files").rglob("*.png")).touch()
    score.run(made, SILENT)
    assert len(looked_at) == 1
