import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from long_scores import write_long
from PIL import Image

from diffex_cli.artifacts.instructions import instructions
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.rows import EditRow, RankingRow, RequestRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import RANKING
from diffex_cli.artifacts.search_document import Backend, SearchDocument
from diffex_cli.artifacts.tables import TableSchema, make_table, read_provenance, write_table
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Candidate, Corpus, Node, Term

CORPUS = Corpus("birds", (Node("head", "head", "head", children=(Node("head/crest", "crest", "tall crest"),)),))

TINT = Backend("tint:", "tint:/1")
SEARCH = SearchDocument(target="finch", images=8, delta=0.1, seed=0, editor=TINT, classifier=TINT)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def picture(colour: int = 9) -> Image.Image:
    return Image.new("RGB", (4, 3), (colour, 0, 255))


def edit_row(run: RunDirectory, key: str = "k", editor: str = "e", colour: int = 9) -> EditRow:
    return EditRow(key, "i", "head", editor, 0, run.save_edited(picture(colour)), "ok", None, 0.5, 0.1, 0.2)


def write_edits(run: RunDirectory, *rows: EditRow) -> None:
    writer = run.edit_writer({})
    for row in rows:
        writer.append(row)
    writer.flush()


def test_what_is_not_there_names_its_stage(run: RunDirectory) -> None:
    for read, stage in [
        (run.corpus, "corpus"),
        (run.images, "corpus"),
        (run.requests, "search --no-fill"),
        (run.ranking, "search"),
        (run.search, "search"),
    ]:
        with pytest.raises(IncompleteError, match=f"run `diffex {stage}` first"):
            read()
    assert run.recorded() == {}
    assert run.edits() == {}
    assert run.scores("c") == {}
    assert run.warnings == ()


def test_corpus(run: RunDirectory) -> None:
    run.write_corpus(CORPUS, {"stage": "corpus"})
    assert run.corpus() == CORPUS
    assert run.corpus_document().provenance == {"stage": "corpus"}


def test_recorded(run: RunDirectory) -> None:
    run.write_recorded({"beam": 3}, {"search": {"settings": {"beam": 3}}})
    assert run.recorded() == {
        "schema": "diffex.run/1",
        "settings": {"beam": 3},
        "stages": {"search": {"settings": {"beam": 3}}},
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("schema: diffex.run/2\n", "newer diffex"),
        ("settings: {}\n", "does not say which schema"),
        ("[1, 2]", "does not hold a YAML mapping"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_document_that_is_not_understood_is_refused(run: RunDirectory, text: str, sentence: str) -> None:
    (run.path / "run.yaml").write_text(text)
    with pytest.raises(UsageError, match=rf"run\.yaml.*{sentence}"):
        run.recorded()


def test_images(run: RunDirectory) -> None:
    image = run.save_input(picture(), "a.jpg", "finch")
    assert image.image == image_key(picture())
    assert image.file == f"images/{image.image[:16]}.png"
    run.write_images([image], {})
    assert run.images() == (image,)
    assert run.picture(image).tobytes() == picture().tobytes()


def test_an_input_image_that_is_broken_or_another_is_refused(run: RunDirectory) -> None:
    image = run.save_input(picture(), "a.jpg", None)
    picture(colour=1).save(run.path / image.file)
    with pytest.raises(UsageError, match="is not the picture that"):
        run.picture(image)
    (run.path / image.file).write_bytes(b"PNG?")
    with pytest.raises(UsageError, match="cannot be read"):
        run.picture(image)
    assert run.save_input(picture(), "a.jpg", None) == image
    assert run.picture(image).size == (4, 3)


def test_edits(run: RunDirectory) -> None:
    failed = EditRow("f", "i", "", "other", 0, None, "failed", "out of memory", 0.0, 0.0, 0.1)
    made = edit_row(run)
    write_edits(run, made, failed)
    assert run.edits() == {"k": made, "f": failed}
    assert run.edits("other") == {"f": failed}
    assert run.edited_picture(made).tobytes() == picture().tobytes()
    assert made.file == f"edits/files/{image_key(picture())[:2]}/{image_key(picture())[:16]}.png"
    with pytest.raises(UsageError, match="has no picture"):
        run.edited_picture(failed)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_an_edit_without_its_picture_is_not_made(run: RunDirectory, damage: str) -> None:
    kept, lost = edit_row(run), edit_row(run, "l", colour=1)
    write_edits(run, kept, lost)
    file = run.path / str(lost.file)
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-9])
    assert run.edits() == {"k": kept}
    assert run.edits() == {"k": kept}
    assert len(run.warnings) == 1
    assert "1 edits are missing or broken" in run.warnings[0]
    assert edit_row(run, "l", colour=1) == lost
    assert set(run.edits()) == {"k", "l"}


def test_a_part_of_a_newer_version_is_left_out(run: RunDirectory) -> None:
    write_edits(run, edit_row(run))
    (part,) = (run.path / "edits").glob("*.parquet")
    newer = part.read_bytes().replace(b"diffex.edits/1", b"diffex.edits/2")
    (part.parent / "newer.parquet").write_bytes(newer)
    assert set(run.edits()) == {"k"}
    assert "newer diffex" in run.warnings[0]


def test_scores(run: RunDirectory) -> None:
    logits = np.array([[0.5, -1.0], [2.0, 3.0]])
    writer = run.score_writer("c", ["wren", "finch"], {})
    writer.append(["a", "b"], ["original", "edit"], logits)
    writer.flush()
    other = run.score_writer("d", ["wren"], {})
    other.append(["a"], ["original"], np.array([[7.0]]))
    other.flush()
    scores = run.scores("c")
    assert list(scores) == ["a", "b"]
    assert scores["b"].labels == ("wren", "finch")
    assert scores["b"].kind == "edit"
    assert scores["b"].logit("finch") == 3.0
    assert scores["b"].prediction == "finch"
    assert scores["a"].probability("wren") == pytest.approx(1 / (1 + math.exp(-1.5)))
    assert run.scores("d")["a"].logit("wren") == 7.0


def test_scores_of_another_kind(run: RunDirectory) -> None:
    for classifier, kind in (("c", "multilabel"), ("d", "regression")):
        writer = run.score_writer(classifier, ["wren", "finch"], {}, kind)  # type: ignore[arg-type]
        writer.append(["a"], ["original"], np.array([[0.0, 3.0]]))
        writer.flush()
    assert run.scores("c")["a"].output_kind == "multilabel"
    assert run.scores("c")["a"].probability("wren") == 0.5
    assert run.scores("d")["a"].output_kind == "regression"
    assert math.isnan(run.scores("d")["a"].probability("wren"))


def test_scores_without_a_kind_are_of_one_class_of_several(run: RunDirectory) -> None:
    def written(name: str, subject: str, kind: str | None, without: Sequence[str] = ()) -> None:
        cells = [(subject, "c", label, 1.0) for label in ("wren", "finch")]
        write_long(run.path / "scores" / name, cells, without, kind)

    written("0.parquet", "a", None, without=["output_kind"])
    assert run.scores("c")["a"].output_kind == "softmax"
    written("1.parquet", "b", None)
    assert run.scores("c")["b"].output_kind == "softmax"
    written("2.parquet", "z", "multilabel")
    assert {row.output_kind for row in run.scores("c").values()} == {"multilabel"}
    run.score_parts.merge({})
    assert {row.output_kind for row in run.scores("c").values()} == {"multilabel"}
    assert run.warnings == ()


def test_scores_of_a_kind_that_nobody_knows_are_refused(run: RunDirectory) -> None:
    write_long(run.path / "scores" / "0.parquet", [("a", "c", "x", 1.0)], kind="ordinal")
    with pytest.raises(UsageError, match="output_kind 'ordinal', which must be one of softmax, multilabel, regression"):
        run.scores("c")


def test_a_subject_that_lacks_a_class_is_not_scored(run: RunDirectory) -> None:
    for labels, subject, logits in [(["x", "y"], "a", [[1.0, 2.0]]), (["x"], "b", [[1.0]])]:
        writer = run.score_writer("c", labels, {})
        writer.append([subject], ["edit"], np.array(logits))
        writer.flush()
    assert set(run.scores("c")) == {"a"}


def test_the_last_score_counts(run: RunDirectory) -> None:
    for logit in (1.0, 2.0):
        writer = run.score_writer("c", ["x"], {})
        writer.append(["a"], ["edit"], np.array([[logit]]))
        writer.flush()
    assert run.scores("c")["a"].logit("x") == 2.0


def test_requests(run: RunDirectory) -> None:
    candidate = Candidate((Term("head/crest", "tall crest", True, {"guidance": 3.5}),))
    row = RequestRow("k", "i", "images/i.png", candidate.id, instructions(candidate), "e", 4)
    run.write_requests([row], {"stage": "search"})
    assert run.requests() == (row,)
    assert run.requests()[0].parsed_candidate() == candidate
    assert read_provenance(run.path / "requests.parquet") == {"stage": "search"}


def test_malformed_instructions_are_named() -> None:
    for text in ('[{"id": "a"}]', "{", "[1]"):
        with pytest.raises(ValueError):  # noqa: PT011 - two kinds of text, one kind of error
            RequestRow("k", "i", "f", "c", text, "e", 0).parsed_candidate()


def test_ranking_and_search(run: RunDirectory) -> None:
    row = RankingRow(
        rank=1,
        candidate="head/crest",
        name="crest",
        target="finch",
        effect=-1.5,
        influence=1.5,
        low=-2.0,
        high=-1.0,
        n=8,
        depth=1,
        group=False,
        placebo=False,
        status="kept",
        reason="influence 1.5",
        effect_original=-1.4,
    )
    run.write_ranking([row], {})
    run.write_search(SEARCH)
    assert run.ranking() == (row,)
    assert run.search() == SEARCH


def test_a_ranking_without_the_later_columns_is_read(run: RunDirectory) -> None:
    values = dict(
        zip(RANKING.columns.names, (1, "a", "a", "finch", 1.0, 1.0, 0.5, 1.5, 8, 0, False, False), strict=False)
    )
    values |= {"status": "kept", "reason": "", "effect_original": 1.0}
    old = TableSchema(RANKING.name, RANKING.version, pa.schema([RANKING.columns.field(name) for name in values]))
    write_table(run.path / "ranking.parquet", old, make_table(old, [values]), {})
    (row,) = run.ranking(SEARCH)
    assert (row.candidate, row.effect, row.p_value, row.passed, row.n_holdout) == ("a", 1.0, None, None, None)


def test_the_ranking_of_every_class_comes_and_goes(run: RunDirectory) -> None:
    assert run.ranking_of_all() is None
    run.write_ranking_of_all([], {})
    assert run.ranking_of_all(SEARCH) == ()
    run.write_ranking_of_all(None, {})
    assert run.ranking_of_all() is None
