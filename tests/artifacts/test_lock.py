import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffex_cli.artifacts.lock import RunLock
from diffex_cli.core.errors import DiffexError


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        RunLock(tmp_path, "diffex search"),
        pytest.raises(DiffexError, match=rf"in use by `diffex search` \(process {os.getpid()} on .+, since 2"),
        RunLock(tmp_path, "diffex edit"),
    ):
        pass


def test_it_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with RunLock(tmp_path / "run", "diffex edit"):
            assert (tmp_path / "run" / ".lock").stat().st_size > 0
    assert (tmp_path / "run" / ".lock").stat().st_size == 0


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from diffex_cli.artifacts.lock import RunLock
with RunLock(Path({str(tmp_path)!r}), "diffex search"):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    assert "diffex search" in (tmp_path / ".lock").read_text()
    with RunLock(tmp_path, "diffex edit"):
        assert "diffex edit" in (tmp_path / ".lock").read_text()


def test_a_lock_without_a_readable_name_is_still_a_lock(tmp_path: Path) -> None:
    with RunLock(tmp_path, "diffex edit"):
        (tmp_path / ".lock").write_text("{")
        with pytest.raises(DiffexError, match="in use by another process"), RunLock(tmp_path, "diffex edit"):
            pass


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiffexError, match="cannot write to the run directory"), RunLock(tmp_path / "file", "x"):
        pass
