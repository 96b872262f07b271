import subprocess
import sys
from pathlib import Path

import pytest

from diffex_cli.artifacts.files import atomic_write, sweep, write_bytes, write_text
from diffex_cli.core.errors import DiffexError


def test_the_content_arrives(tmp_path: Path) -> None:
    write_text(tmp_path / "new" / "a.txt", "Füße")
    write_bytes(tmp_path / "new" / "a.txt", b"second")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"second"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.txt"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_content_and_nothing_else(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write_half() -> None:
        with atomic_write(target) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_new_content_is_not_visible_before_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with atomic_write(target) as file:
        file.write(b"half")
        assert not target.exists()
    assert target.read_bytes() == b"half"


def test_a_refusing_file_system_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DiffexError, match=r"cannot write .*a\.txt: \w+"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_sweep_removes_only_what_killed_writers_left(tmp_path: Path) -> None:
    kept = tmp_path / "edits" / "a.parquet"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    leftover = tmp_path / "edits" / f".a.parquet.{gone.pid}-0123abcd.tmp"
    kept.parent.mkdir()
    kept.touch()
    leftover.touch()
    sweep(tmp_path)
    assert kept.exists()
    assert not leftover.exists()
