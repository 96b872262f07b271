"""What was just made is looked at from memory: the same pixels as its files', the same scores, in bounded memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pipeline import N_IMAGES, SILENT, make_corpus

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.measure.just_made import ROOM, JustMade
from diffex_cli.measure.making import make_edits
from diffex_cli.measure.scoring import make_scores, unscored
from diffex_cli.measure.session import Session
from diffex_cli.search import search


@given(
    pixels=st.binary(min_size=36, max_size=36),
    transparent=st.booleans(),
    odd=st.sets(st.sampled_from(["icc_profile", "exif", "comment", "background"])),
)
def test_memory_holds_what_the_file_holds(pixels: bytes, transparent: bool, odd: set[str]) -> None:
    picture = Image.frombytes("RGB", (4, 3), pixels)
    picture.info.update(dict.fromkeys(odd, b"odd"))
    if transparent:
        picture.info["transparency"] = tuple(pixels[:3])
    with tempfile.TemporaryDirectory() as folder:
        run, made = RunDirectory(Path(folder)), JustMade()
        made.begin()
        row = EditRow("key", "image", "a", "editor", 0, run.save_edited(picture), "ok", None, 0.5, 0.1, 0.2)
        made.put(row.file or "", picture)
        remembered, read = made.get(row.file), run.edited_picture(row)
    assert remembered is not None
    assert (remembered.mode, remembered.size) == (read.mode, read.size)
    assert remembered.tobytes() == read.tobytes() == pixels


def test_a_search_reads_no_picture_that_it_has_just_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, read, open_ = make_corpus(tmp_path), [], RunDirectory.edited_picture

    def spy(run: RunDirectory, row: EditRow) -> Image.Image:
        read.append(row)
        return open_(run, row)

    monkeypatch.setattr(RunDirectory, "edited_picture", spy)
    search.run(made, SILENT)
    assert len(RunDirectory(made.run).edits()) > N_IMAGES
    assert not [row for row in read if row.candidate], "reconstructions of earlier levels alone"


def test_scores_are_those_of_the_files_bit_for_bit(tmp_path: Path) -> None:
    found = []
    for name, room in (("memory", ROOM), ("files", 0), ("both", 3 * 16 * 20 * 4)):
        (tmp_path / name).mkdir()
        session = Session(make_corpus(tmp_path / name))
        session.just_made = JustMade(room)
        requests = session.requests([(root.candidate, tuple(session.images)) for root in session.corpus.roots])
        make_edits(session, requests, SILENT, "search")
        files = {row.file for row in session.edits.values()}
        kept = sum(session.just_made.get(file) is not None for file in files)
        assert kept == {"memory": len(files), "files": 0, "both": 3}[name]
        make_scores(session, unscored(session, session.edits.values()), SILENT, "search")
        found.append({key: row.logits.tobytes() for key, row in session.scores.items()})
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > len(requests)


def test_only_the_first_are_kept_and_those_until_others_are_made() -> None:
    picture = Image.new("RGB", (10, 10), (1, 2, 3))
    made = JustMade(room=2 * 400)
    made.put("before", picture)
    assert made.get("before") is None
    made.begin()
    for name in "abca":
        made.put(name, picture)
    assert [made.get(name) is not None for name in "abc"] == [True, True, False]
    made.begin()
    made.put("c", picture)
    assert [made.get(name) is not None for name in "abc"] == [False, False, True]
    assert made.get(None) is None


def test_who_draws_on_one_changes_his_own() -> None:
    made = JustMade()
    made.begin()
    made.put("a", Image.new("RGB", (2, 2)))
    first = made.get("a")
    assert first is not None
    first.paste((9, 9, 9), (0, 0, 2, 2))
    second = made.get("a")
    assert second is not None
    assert second.getpixel((0, 0)) == (0, 0, 0)


def test_the_stage_edit_keeps_none(tmp_path: Path) -> None:
    session = Session(make_corpus(tmp_path))
    requests = session.requests([(session.corpus.roots[0].candidate, tuple(session.images))])
    rows = make_edits(session, requests, SILENT, "edit")
    assert rows
    assert all(session.just_made.get(row.file) is None for row in rows)
