"""Pictures are looked at once a change; what was noted of them changes no answer."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.artifacts import verified
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.verified import Claim, VerifiedPictures, named_key
from diffex_cli.core.inside import Inside

SIZE = (6, 4)


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were looked at. They count as old enough to be noted at once."""
    seen: list[str] = []
    fits = verified.fits

    def spy(claim: Claim, run: Path) -> bool:
        seen.append(claim.file)
        return fits(claim, run)

    monkeypatch.setattr(verified, "fits", spy)
    monkeypatch.setattr(verified, "_YOUNG", -(10**18))
    return seen


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def picture(colour: int) -> Image.Image:
    return Image.new("RGB", SIZE, (colour, 0, 0))


def claim(run: Path, colour: int) -> Claim:
    """Of a picture that is there."""
    key = image_key(picture(colour))
    file = f"edits/files/{key[:2]}/{key[:16]}.png"
    (run / file).parent.mkdir(parents=True, exist_ok=True)
    save(run / file, colour)
    return Claim(file, named_key(file), SIZE)


def save(file: Path, colour: int) -> None:
    """All have the same length, and no two the same time: the files' clock ticks a few times in a hundredth of a
    second."""
    picture(colour).save(file, compress_level=0)
    before = file.stat().st_ctime_ns
    while file.stat().st_ctime_ns == before:
        file.touch()


def unfit(run: Path, *claims: Claim, again: bool = False) -> set[Claim]:
    return VerifiedPictures(run, Inside(run), again).unfit(claims)


def notes(cache: Path) -> Path:
    (file,) = (cache / "verified").iterdir()
    return file


def test_a_name_tells_the_first_digits_of_a_key() -> None:
    assert named_key("edits/files/ab/ab0123456789cdef.png") == "ab0123456789cdef"
    assert named_key("images/ab0123456789cdef.png") == "ab0123456789cdef"
    for other in ("renders/ab0123456789cdef.png", "images/bird.png", "edits/files/ab/ab0123456789cdef.png\n", ""):
        assert named_key(other) == ""


def test_a_picture_is_looked_at_once_a_change(run: Path, looks: list[str]) -> None:
    one, other = claim(run, 1), claim(run, 2)
    assert unfit(run, one, other) == set()
    assert sorted(looks) == sorted([one.file, other.file])
    assert unfit(run, one, other) == set()
    assert len(looks) == 2
    save(run / one.file, 1)  # the same again, but nobody knows
    assert unfit(run, one, other) == set()
    assert looks[2:] == [one.file]
    assert unfit(run, one, other, again=True) == set()
    assert len(looks) == 5


def test_what_is_noted_is_of_one_claim(run: Path) -> None:
    there = claim(run, 1)
    assert unfit(run, there) == set()
    larger = Claim(there.file, there.key, (60, 40))
    assert unfit(run, larger) == {larger}
    other = Claim(there.file, "0" * 16, SIZE)
    assert unfit(run, other) == {other}


@pytest.mark.parametrize("way", ["in place", "replaced", "with its old time"])
def test_a_swapped_picture_of_the_same_length_is_found(run: Path, way: str) -> None:
    there = claim(run, 1)
    assert unfit(run, there) == set()
    file = run / there.file
    before = file.stat()
    swapped = run / "swapped.png"
    save(swapped, 2)
    assert swapped.stat().st_size == before.st_size
    if way == "replaced":
        swapped.replace(file)
    else:
        file.write_bytes(swapped.read_bytes())
    if way == "with its old time":
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert unfit(run, there) == {there}
    save(file, 1)
    assert unfit(run, there) == set()


def test_a_file_that_was_just_changed_is_not_noted(
    run: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    there = claim(run, 1)
    monkeypatch.setattr(verified, "_YOUNG", 10**18)
    assert unfit(run, there) == set()
    save(run / there.file, 2)
    assert unfit(run, there) == {there}


def test_another_runs_notes_say_nothing(run: Path, tmp_path: Path, looks: list[str]) -> None:
    there = claim(run, 1)
    unfit(run, there)
    shutil.copytree(run, tmp_path / "copy")
    unfit(tmp_path / "copy", there)
    assert len(looks) == 2
    (tmp_path / "link").symlink_to(run)
    unfit(tmp_path / "link", there)
    assert len(looks) == 2, "it is the same run"


@pytest.mark.parametrize("damage", ["torn", "foreign", "a folder", "a FIFO", "too large"])
def test_damaged_notes_are_looked_past(run: Path, own_cache: Path, looks: list[str], damage: str) -> None:
    there = claim(run, 1)
    unfit(run, there)
    file = notes(own_cache)
    if damage == "torn":
        file.write_bytes(file.read_bytes()[:-1])
    elif damage == "foreign":
        file.write_text('{"verified": ["everything"]}')
    elif damage == "too large":
        os.truncate(file, 1 << 30)
    else:
        file.unlink()
        file.mkdir() if damage == "a folder" else os.mkfifo(file)
    assert unfit(run, there) == set()
    assert len(looks) == 2


def test_notes_that_cannot_be_written_cost_a_look(
    run: Path, tmp_path: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path / "file"))
    there = claim(run, 1)
    assert unfit(run, there) == unfit(run, there) == set()
    assert len(looks) == 2


def test_commands_at_the_same_time_keep_each_others_notes(run: Path, looks: list[str]) -> None:
    one, other = claim(run, 1), claim(run, 2)
    first = VerifiedPictures(run, Inside(run))
    claims = iter([one])

    def meanwhile() -> list[Claim]:
        unfit(run, other)
        return list(claims)

    assert first.unfit(meanwhile()) == set()
    assert unfit(run, one, other) == set()
    assert len(looks) == 2


def test_an_interrupt_keeps_what_was_looked_at(run: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "_AT_A_TIME", 1)
    claims = [claim(run, colour) for colour in range(4)]
    spied = verified.fits

    def interrupted(one: Claim, folder: Path) -> bool:
        if one == claims[2]:
            raise KeyboardInterrupt
        return spied(one, folder)

    monkeypatch.setattr(verified, "fits", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unfit(run, *claims)
    monkeypatch.setattr(verified, "fits", spied)
    assert unfit(run, *claims) == set()
    assert looks[2:] == [claims[2].file, claims[3].file]


def test_only_the_last_runs_are_remembered(run: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verified, "_RUNS", 3)
    for number in range(5):
        shutil.copytree(run, run.parent / f"run {number}")
        unfit(run.parent / f"run {number}", claim(run.parent / f"run {number}", 1))
    assert len(list((own_cache / "verified").iterdir())) == 3


STEPS = st.lists(
    st.tuples(st.sampled_from(["swap", "restore", "tear", "remove", "look", "look again"]), st.integers(0, 2)),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_with_and_without_notes_the_answers_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    run = tmp_path_factory.mktemp("run")
    claims = [claim(run, colour) for colour in range(3)]
    for step, number in [*steps, ("look", 0)]:
        file = run / claims[number].file
        if step == "swap":
            save(file, 9)
        elif step == "restore":
            save(file, number)
        elif step == "tear":
            file.write_bytes(b"\x89PNG\r\n")
        elif step == "remove":
            file.unlink(missing_ok=True)
        else:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(verified, "_read", lambda _: set())
                patch.setattr(VerifiedPictures, "_note", lambda *_: None)
                without = unfit(run, *claims)
            assert unfit(run, *claims, again=step == "look again") == without


def test_a_picture_that_was_looked_at_is_right_until_its_file_changes(run: Path) -> None:
    one, other = claim(run, 1), claim(run, 2)
    for _ in range(2):  # by looking, and by what was noted
        pictures = VerifiedPictures(run, Inside(run))
        assert not pictures.still_right(one), "it was not looked at"
        assert pictures.unfit([one]) == set()
        assert [pictures.still_right(each) for each in (one, other)] == [True, False]
    assert not pictures.still_right(Claim(one.file, named_key(one.file), None)), "that is another claim"
    save(run / one.file, 1)
    assert not pictures.still_right(one)
    (run / one.file).unlink()
    assert not pictures.still_right(one)


def test_one_that_may_still_change_within_a_tick_is_not_taken_for_right(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verified, "_YOUNG", 10**18)
    one, pictures = claim(run, 1), VerifiedPictures(run, Inside(run))
    assert pictures.unfit([one]) == set()
    assert not pictures.still_right(one)


def test_a_wrong_one_is_not_right(run: Path) -> None:
    one, pictures = claim(run, 1), VerifiedPictures(run, Inside(run))
    save(run / one.file, 2)
    assert pictures.unfit([one]) == {one}
    assert not pictures.still_right(one)


def written(run: Path, colour: int) -> tuple[VerifiedPictures, Claim]:
    pictures = VerifiedPictures(run, Inside(run))
    there = claim(run, colour)
    pictures.wrote(there)
    return pictures, there


def test_what_was_written_is_not_looked_at(run: Path, looks: list[str]) -> None:
    pictures, there = written(run, 1)
    assert not pictures.still_right(there), "it may be too young"
    pictures.note_written()
    assert pictures.still_right(there)
    assert unfit(run, there) == set()
    assert looks == []
    assert unfit(run, there, again=True) == set()
    assert looks == [there.file]


@pytest.mark.parametrize("when", ["before it is noted", "after"])
def test_what_was_swapped_since_it_was_written_is_found(run: Path, when: str) -> None:
    pictures, there = written(run, 1)
    if when == "after":
        pictures.note_written()
    save(run / there.file, 2)
    pictures.note_written()
    assert not pictures.still_right(there)
    assert unfit(run, there) == {there}


def test_what_is_gone_is_not_noted(run: Path) -> None:
    pictures, there = written(run, 1)
    (run / there.file).unlink()
    pictures.note_written()
    assert unfit(run, there) == {there}


def test_the_young_wait(run: Path, looks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, there = written(run, 1)
    monkeypatch.setattr(verified, "_YOUNG", 10**18)
    pictures.note_written()
    assert not pictures.still_right(there)
    monkeypatch.setattr(verified, "_YOUNG", -(10**18))
    pictures.note_written()
    assert pictures.still_right(there)
    assert unfit(run, there) == set()
    assert looks == []


def test_looking_again_forgets_nothing_that_was_written(run: Path, looks: list[str]) -> None:
    pictures = VerifiedPictures(run, Inside(run), again=True)
    one, other = claim(run, 1), claim(run, 2)
    assert pictures.unfit([one]) == set()
    pictures.wrote(other)
    pictures.note_written()
    looks.clear()
    assert unfit(run, one, other) == set()
    assert looks == []
