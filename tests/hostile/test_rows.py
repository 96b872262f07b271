"""Rows that another program wrote, or somebody by hand: what ``docs/artifacts.md`` does not allow is told with file,
row and column."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pipeline import SILENT, make_corpus
from typer.testing import CliRunner

from diffex_cli.artifacts.row_rules import is_outside
from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow, RequestRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import EDITS, IMAGES, RANKING, REQUESTS, SCORES, SEEN
from diffex_cli.artifacts.search_document import Backend, SearchDocument
from diffex_cli.artifacts.tables import TableSchema
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.measure import edit, score
from diffex_cli.search import search

TINT = Backend("tint:", "tint:/1")
SEARCH = SearchDocument(target="finch", images=3, delta=0.1, seed=0, editor=TINT, classifier=TINT)
IMAGE = dataclasses.asdict(InputImage("i", "images/i.png", "here", 4, 3))
EDIT = dataclasses.asdict(EditRow("k", "i", "head", "e", 0, "edits/files/a.png", "ok", None, 0.5, 0.1, 0.2))
REQUEST = dataclasses.asdict(RequestRow("k", "i", "images/i.png", "", "[]", "e", 0))
SCORE = {"subject": "k", "kind": "edit", "classifier": "c", "logits": [1.0, 2.0], "output_kind": None}
SEEN_ROW = {"subject": "k", "attribute": "head", "verifier": "v", "probability": 0.5}
RANKED = dataclasses.asdict(
    RankingRow(1, "head", "head", "finch", 1.0, 1.0, 0.5, 1.5, 3, 0, False, False, "kept", "so it is", 1.0)
)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory(tmp_path)


def foreign(path: Path, schema: TableSchema, *rows: dict[str, Any], labels: object = None) -> None:
    """Write a table as another program would, with nothing checked."""
    path.parent.mkdir(exist_ok=True)
    fields = [field.with_nullable(True) for field in schema.columns]
    about = {"diffex.schema": schema.id} | ({} if labels is None else {"diffex.labels": json.dumps(labels)})
    pq.write_table(pa.Table.from_pylist(list(rows), pa.schema(fields, about)), path)


NO_PATH = "file: a path below the run directory, with / is expected, not"
NO_FILE = "file: a value unless status is 'failed' is expected"
OUTSIDE = ["/etc/hostname", "../x.png", "images/../../x.png", "images\\x.png", "a\0b", "", "./x.png", "images//x.png"]

SINGLE: list[tuple[str, TableSchema, dict[str, Any], dict[str, Any], str]] = [
    *(
        ("images.parquet", IMAGES, IMAGE, change, told)
        for change, told in [
            ({"width": 0}, "row 2, column width: a number of at least 1 is expected, not 0"),
            ({"height": -3}, "row 2, column height: a number of at least 1 is expected, not -3"),
            ({"image": ""}, "row 2, column image: a text is expected, not ''"),
            ({}, "row 2, column image: a value that no other row has is expected, not 'i'"),
            ({"source": None}, "empty cells in the column 'source'"),
        ]
    ),
    *(
        (
            name,
            schema,
            row,
            {"file": file},
            "row 2, column file: a path below the run directory, with / is expected, not",
        )
        for name, schema, row in [("images.parquet", IMAGES, IMAGE), ("requests.parquet", REQUESTS, REQUEST)]
        for file in OUTSIDE
    ),
    (
        "requests.parquet",
        REQUESTS,
        REQUEST,
        {},
        "row 2, column edit: a value that no other row has is expected, not 'k'",
    ),
    *(
        ("ranking.parquet", RANKING, RANKED, change, told)
        for change, told in [
            ({}, "column candidate: a value that no other row has with the same target is expected, not 'head'"),
            ({"rank": 0}, "column rank: a number of at least 1 is expected, not 0"),
            ({"n": -1}, "column n: a number of at least 0 is expected, not -1"),
            ({"status": "maybe"}, "column status: 'kept' or 'dropped' is expected, not 'maybe'"),
            ({"claim": "proves"}, "claim: 'matters', 'small', 'undecided' or 'not tested' is expected, not 'proves'"),
            ({"effect": math.inf}, "column effect: a finite number, or NaN, is expected, not inf"),
            ({"influence": -1.0}, "column influence: a finite number of at least 0, or NaN, is expected, not -1.0"),
            ({"p_corrected": 1.5}, "column p_corrected: a number from 0 to 1, or NaN, is expected, not 1.5"),
            ({"delta_probability": -2.0}, "column delta_probability: a number from -1 to 1, or NaN, is expected"),
        ]
    ),
]


@pytest.mark.parametrize(("name", "schema", "row", "change", "told"), SINGLE)
def test_a_wrong_row_of_a_table_is_refused(
    run: RunDirectory, name: str, schema: TableSchema, row: dict[str, Any], change: dict[str, Any], told: str
) -> None:
    key = schema.columns.names[0 if name != "ranking.parquet" else 1]
    foreign(run.path / name, schema, row, row | ({key: "other"} if change and key not in change else {}) | change)
    read: Callable[[], object] = {
        "images.parquet": run.images,
        "requests.parquet": run.requests,
        "ranking.parquet": lambda: run.ranking(SEARCH),
    }[name]
    with pytest.raises(UsageError) as raised:
        read()
    assert told in str(raised.value)
    assert str(run.path / name) in str(raised.value)
    assert "run the stage that makes it again" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": "done"}, "status: 'ok', 'no-op' or 'failed' is expected, not 'done'"),
        ({"file": None}, f"{NO_FILE}, not nothing"),
        (
            {"status": "failed"},
            f"{NO_FILE}, not 'edits",
        ),
        ({"changed": math.nan}, "changed: a number from 0 to 1 is expected, not nan"),
        ({"mean_change": 1.5}, "mean_change: a number from 0 to 1 is expected, not 1.5"),
        ({"mask_share": -0.5}, "mask_share: a number from 0 to 1 is expected, not -0.5"),
        ({"seconds": -1.0}, "seconds: a finite number of at least 0 is expected, not -1.0"),
        ({"seconds": math.inf}, "seconds: a finite number of at least 0 is expected, not inf"),
        ({"perceptual": math.nan}, "perceptual: a finite number of at least 0 is expected, not nan"),
        ({"edit": ""}, "edit: a text is expected, not ''"),
        *(({"file": file}, NO_PATH) for file in OUTSIDE),
    ],
)
def test_a_part_with_a_wrong_row_is_left_out_with_a_warning(
    run: RunDirectory, change: dict[str, Any], told: str
) -> None:
    foreign(run.path / "edits" / "theirs.parquet", EDITS, EDIT | {"edit": "first"}, EDIT | change)
    assert run.edits() == {}
    (warning,) = run.warnings
    assert warning.startswith(f"left out: {run.path / 'edits' / 'theirs.parquet'}, row 2, column {told}")
    run.edit_parts.merge({})
    assert (run.path / "edits" / "theirs.parquet").exists()


@pytest.mark.parametrize(
    ("change", "labels", "told"),
    [
        ({"kind": "both"}, ["a", "b"], ", row 1, column kind: 'original' or 'edit' is expected, not 'both'"),
        ({"subject": ""}, ["a", "b"], ", row 1, column subject: a text is expected, not ''"),
        ({"logits": [1.0]}, ["a", "b"], " has rows whose logits are not as many as its 2 classes"),
        ({}, ["a", "a"], " names a class twice, 'a', in its metadata, diffex.labels"),
        ({}, ["a", ""], " has a class '', where a text is expected, in its metadata"),
        ({}, ["a", 2], " does not name its classes in its metadata"),
        ({}, [], " does not name its classes in its metadata"),
        ({}, {"a": 1}, " does not name its classes in its metadata"),
    ],
)
def test_a_part_with_wrong_scores_is_left_out(
    run: RunDirectory, change: dict[str, Any], labels: object, told: str
) -> None:
    foreign(run.path / "scores" / "theirs.parquet", SCORES, SCORE | change, labels=labels)
    assert run.scores("c") == {}
    assert run.warnings[0].startswith(f"left out: {run.path / 'scores' / 'theirs.parquet'}{told}")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"probability": 1.5}, "probability: a number from 0 to 1, or NaN, is expected, not 1.5"),
        ({"probability": -math.inf}, "probability: a number from 0 to 1, or NaN, is expected, not -inf"),
        ({"subject": ""}, "subject: a text is expected, not ''"),
        ({"attribute": ""}, "attribute: a text is expected, not ''"),
        ({"verifier": ""}, "verifier: a text is expected, not ''"),
    ],
)
def test_a_part_with_wrong_readings_is_left_out(run: RunDirectory, change: dict[str, Any], told: str) -> None:
    foreign(run.path / "seen" / "theirs.parquet", SEEN, SEEN_ROW | {"subject": "first"}, SEEN_ROW | change)
    assert run.seen("v", {"head": ""}.get) == {}
    assert run.warnings[0].startswith(f"left out: {run.path / 'seen' / 'theirs.parquet'}, row 2, column {told}")


def test_logits_that_are_no_numbers_cost_their_picture_and_nothing_else(run: RunDirectory) -> None:
    rows = [SCORE | {"subject": str(i), "logits": one} for i, one in enumerate([[math.nan, 1.0], [1.0, 2.0], None])]
    foreign(run.path / "scores" / "theirs.parquet", SCORES, *rows, labels=["a", "b"])
    scores = run.scores("c")
    assert (set(scores), scores.unusable, run.warnings) == ({"1"}, {"0", "2"}, ())


def test_own_rows_are_held_against_the_same_rules(run: RunDirectory) -> None:
    writer = run.edit_writer({})
    with pytest.raises(DiffexError, match=r"was not written: row 1, column seconds: a finite number of at least 0"):
        writer.append(EditRow(**(EDIT | {"seconds": math.inf})))
    with pytest.raises(DiffexError, match=r"has a class '', .*correct what the classifier calls its classes"):
        run.score_writer("c", [""], {})._parts.write([""], [], {})


def test_a_column_that_is_there_twice_is_told(run: RunDirectory) -> None:
    foreign(run.path / "images.parquet", IMAGES, IMAGE)
    table = pq.read_table(run.path / "images.parquet")
    pq.write_table(table.append_column("width", table["width"]), run.path / "images.parquet")
    with pytest.raises(UsageError, match=r"images\.parquet has the column 'width' twice"):
        run.images()


@given(parts=st.lists(st.sampled_from(["a", "..", ".", "", "edits", "é", "a\\b", "\0"]), max_size=5))
def test_a_path_is_inside_if_every_part_is_a_name(parts: list[str]) -> None:
    path = "/".join(parts)
    names = bool(path) and all(part not in ("", ".", "..", "a\\b", "\0") for part in path.split("/"))
    assert is_outside(path) == (not names)


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("{}", "no list"),
        ("[1]", "[0]: a mapping is expected, not 1"),
        ('[{"id": "a", "remove": false, "overrides": {}}]', "[0].prompt is missing"),
        ('[{"id": "a", "prompt": "a", "remove": "no", "overrides": {}}]', "[0].remove: true or false is expected"),
        (
            '[{"id": "a", "prompt": "a", "remove": false, "overrides": {"x": []}}]',
            "[0].overrides.x: a number is expected",
        ),
        ('[{"id": "a", "prompt": "a", "remove": false, "overrides": {}}]', "they are of 'a', not of ''"),
        ("[", "not valid JSON"),
        ("[" * 9000, "malformed"),
    ],
)
def test_instructions_that_are_none_name_the_key(cell: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"^the instructions of edit k are malformed: ") as raised:
        RequestRow(**(REQUEST | {"instructions": cell})).parsed_candidate()
    assert told in str(raised.value)


# the documented loop, with an editor that does not do what it was asked for


def asked(root: Path) -> tuple[Any, list[dict[str, Any]]]:
    made = make_corpus(root, editor="external:theirs")
    with pytest.raises(IncompleteError, match="25 edits"):
        search.run(made, SILENT, fill=False)
    return made, [dataclasses.asdict(row) for row in RunDirectory(made.run).requests()]


def answer(run: Path, requests: list[dict[str, Any]], **changes: Any) -> None:
    """Write one edit for each request; ``changes``: columns that are not copied."""
    rows = []
    for request in requests:
        with Image.open(run / request["file"]) as opened:
            picture = opened.convert("RGB").transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if "size" in changes:
            picture = picture.resize(changes["size"])
        file = RunDirectory(run).save_edited(picture)
        copied = {name: request[name] for name in ("edit", "image", "candidate", "editor", "seed")}
        own = {name: f"{copied[name]}{suffix}" for name, suffix in changes.items() if name != "size"}
        rows.append(EDIT | copied | own | {"file": file})
    foreign(run / "edits" / "theirs.parquet", EDITS, *rows)


@pytest.mark.parametrize("changes", [{"edit": "x"}, {"edit": "x", "editor": "-2"}])
def test_rows_that_match_no_request_are_said_and_end_the_loop(tmp_path: Path, changes: dict[str, str]) -> None:
    made, requests = asked(tmp_path)
    answer(made.run, requests, **changes)
    for _ in range(2):  # as often as it is asked
        with pytest.raises(UsageError) as raised:
            search.run(made, SILENT, fill=False)
        assert f"none of the {len(requests)} edits that {made.run / 'requests.parquet'} asks for came" in str(
            raised.value
        )
        assert f"{len(requests)} rows that edits/ got since match no request: let 'theirs' make them" in str(
            raised.value
        )


def test_an_editor_that_does_nothing_ends_the_loop(tmp_path: Path) -> None:
    made, requests = asked(tmp_path)
    with pytest.raises(UsageError, match=rf"none of the {len(requests)} edits that \S+ asks for came: let 'theirs'"):
        search.run(made, SILENT, fill=False)


def test_some_that_match_and_some_that_do_not(tmp_path: Path) -> None:
    made, requests = asked(tmp_path)
    answer(made.run, [*requests[:5], *({**row, "edit": f"{row['edit']}x"} for row in requests[5:8])])
    with pytest.raises(IncompleteError, match=rf"{len(requests) - 5} edits and the scores of \d+ pictures are missing "
                       r"\(3 rows that edits/ got since match no request\)"):  # fmt: skip
        search.run(made, SILENT, fill=False)


def test_those_that_diffex_makes_may_be_asked_for_again(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    for _ in range(2):
        with pytest.raises(IncompleteError, match="25 edits"):
            search.run(made, SILENT, fill=False)
    assert edit.run(made, SILENT, requests=True).made


def test_an_edit_of_another_size_is_not_scored(tmp_path: Path) -> None:
    made, requests = asked(tmp_path)
    answer(made.run, requests, size=(7, 9))
    summary = score.run(made, SILENT)
    assert summary.scored == summary.needed == len(RunDirectory(made.run).images())
    assert any("edits are missing or broken" in warning for warning in summary.warnings)


def test_an_input_of_another_size_than_its_row_says_is_not_scored(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    table = pq.read_table(made.run / "images.parquet")
    wider = table.set_column(3, table.schema.field("width"), pa.array([21] * table.num_rows, pa.int32()))
    pq.write_table(wider, made.run / "images.parquet")
    with pytest.raises(UsageError, match=r"has 20x16 pixels, not 21x16 as images\.parquet says"):
        score.run(made, SILENT)


def test_a_warning_comes_before_the_error_that_it_explains(tmp_path: Path) -> None:
    """A part was left out, so its edits are missing: both are said, in this order, and once."""
    made, requests = asked(tmp_path)
    answer(made.run, requests)
    part = made.run / "edits" / "theirs.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    result = CliRunner().invoke(app, ["search", "--no-fill", "--run", str(made.run)])
    assert result.exit_code == 2
    warned, failed = result.stderr.strip().splitlines()
    assert warned.startswith(f"Warning: left out: {part} is torn")
    assert failed.startswith(f"Error: none of the {len(requests)} edits")


def test_a_gate_s_warnings_are_said_once(tmp_path: Path) -> None:
    made = make_corpus(tmp_path, max_depth=1)
    search.run(made, SILENT)
    torn = made.run / "scores" / "0.parquet"
    torn.write_bytes(b"torn")
    result = CliRunner().invoke(app, ["check", str(made.run), "--max", "surface=0.0001", "--max", "edge=0.0001"])
    assert result.exit_code == 4, result.stderr
    assert result.stderr.count(f"Warning: left out: {torn}") == 1
    assert result.stderr.index("Warning:") < result.stderr.index("Error:")
