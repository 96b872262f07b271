"""Inversions kept on disk: exact, bounded, and never in the way."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from pathlib import Path

import pytest
import safetensors.torch
import torch

from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import cache_folder
from diffex_cli.editors.ledits.cache import InversionCache, default_cache
from diffex_cli.editors.ledits.inversion import Inversion, invert, trajectory_noise
from diffex_cli.editors.ledits.solver import leading_schedule

SCHEDULE = leading_schedule(torch.linspace(0.999, 0.005, 1000), 5, 801)
KEY = "ab12"
ROOM = 2**20


def inversion(seed: int = 0) -> Inversion:
    generator = torch.Generator().manual_seed(seed)
    x0 = torch.randn(4, 8, 8, generator=generator)
    noise = trajectory_noise((4, 8, 8), SCHEDULE.steps, seed)
    return invert(SCHEDULE, x0, noise, lambda latents, timesteps: torch.sin(latents * timesteps.view(-1, 1, 1, 1)))


def file_size(folder: Path) -> int:
    InversionCache(folder / "measured", ROOM).put(KEY, inversion())
    return (folder / "measured" / f"{KEY}.safetensors").stat().st_size


def assert_equal(found: Inversion | None, wanted: Inversion) -> None:
    assert found is not None
    for name in ("x", "z", "epsilon"):
        assert torch.equal(getattr(found, name), getattr(wanted, name)), name


def test_what_is_found_is_what_was_put_bit_for_bit(tmp_path: Path) -> None:
    InversionCache(tmp_path / "new" / "folder", ROOM).put(KEY, inversion())
    reopened = InversionCache(tmp_path / "new" / "folder", ROOM)
    assert_equal(reopened.get(KEY, SCHEDULE), inversion())
    assert reopened.get("ab13", SCHEDULE) is None
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == [f"{KEY}.safetensors"]


def test_the_noise_maps_are_not_stored(tmp_path: Path) -> None:
    kept = inversion()
    assert file_size(tmp_path) < kept.x.nbytes + kept.epsilon.nbytes + 1000


@pytest.mark.parametrize("damage", ["torn", "empty", "foreign", "renamed", "steps", "shape", "dtype", "not finite"])
def test_a_damaged_or_foreign_file_is_a_miss_and_removed(damage: str, tmp_path: Path) -> None:
    cache, path = InversionCache(tmp_path, ROOM), tmp_path / f"{KEY}.safetensors"
    cache.put(KEY, inversion())
    whole = safetensors.torch.load(path.read_bytes())
    metadata = {"format": "diffex.inversion/1", "key": KEY}
    match damage:
        case "torn":
            path.write_bytes(path.read_bytes()[:-1])
        case "empty":
            path.write_bytes(b"")
        case "foreign":
            path.write_bytes(b"GIF89a" * 100)
        case "renamed":
            cache.put("cd", inversion(1))
            (tmp_path / "cd.safetensors").rename(path)
        case "steps":
            safetensors.torch.save_file({name: t[1:].clone() for name, t in whole.items()}, path, metadata)
        case "shape":
            safetensors.torch.save_file({**whole, "epsilon": whole["x"].clone()}, path, metadata)
        case "dtype":
            safetensors.torch.save_file({name: t.half() for name, t in whole.items()}, path, metadata)
        case "not finite":
            whole["epsilon"][0, 0, 0, 0] = torch.nan
            safetensors.torch.save_file(whole, path, metadata)
    assert cache.get(KEY, SCHEDULE) is None
    assert not path.exists()
    cache.put(KEY, inversion())
    assert_equal(cache.get(KEY, SCHEDULE), inversion())


def test_what_is_not_finite_is_not_kept(tmp_path: Path) -> None:
    bad = inversion()
    bad.epsilon[0] = torch.inf
    InversionCache(tmp_path, ROOM).put(KEY, bad)
    assert list(tmp_path.iterdir()) == []


def test_what_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    cache = InversionCache(folder, 3 * file_size(tmp_path))
    for number, key in enumerate(("a", "b", "c")):
        cache.put(key, inversion(number))
        os.utime(folder / f"{key}.safetensors", (number, number))
    assert cache.get("a", SCHEDULE) is not None, "a is now the last one used"
    cache.put("d", inversion(3))
    assert {path.stem for path in folder.iterdir()} == {"a", "c", "d"}
    InversionCache(folder, 2 * file_size(tmp_path)).put("e", inversion(4))
    assert {path.stem for path in folder.iterdir()} == {"e", "d"}


def test_what_is_larger_than_the_limit_drives_nothing_out(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    InversionCache(folder, ROOM).put(KEY, inversion())
    InversionCache(folder, file_size(tmp_path) // 2).put("cd", inversion(1))
    assert {path.stem for path in folder.iterdir()} == {KEY}


def test_leftovers_of_killed_writers_go_and_other_files_stay(tmp_path: Path) -> None:
    old, new, other = tmp_path / ".a.safetensors.1-2.tmp", tmp_path / ".b.safetensors.1-2.tmp", tmp_path / "README"
    for path in (old, new, other):
        path.write_bytes(b"x" * 100)
    os.utime(old, (0, 0))
    os.utime(other, (0, 0))
    InversionCache(tmp_path, file_size(tmp_path / "elsewhere") + 1).put(KEY, inversion())
    assert not old.exists()
    assert new.exists()
    assert other.exists()


def test_a_limit_of_nothing_turns_it_off(tmp_path: Path) -> None:
    InversionCache(tmp_path, ROOM).put(KEY, inversion())
    off = InversionCache(tmp_path, 0)
    assert off.get(KEY, SCHEDULE) is None
    off.put("cd", inversion())
    assert {path.stem for path in tmp_path.iterdir()} == {KEY}


def test_a_disk_that_refuses_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/1/nowhere")):
        cache = InversionCache(folder, ROOM)
        cache.put(KEY, inversion())
        assert cache.get(KEY, SCHEDULE) is None
    (tmp_path / f"{KEY}.safetensors").mkdir()
    cache = InversionCache(tmp_path, ROOM)
    cache.put(KEY, inversion())
    assert cache.get(KEY, SCHEDULE) is None


def _use(folder: str, first: int, limit: int) -> int:
    """Put and look up what the other process puts and evicts, too; how often it was found."""
    cache, found = InversionCache(Path(folder), limit), 0
    wanted = [inversion(number) for number in range(6)]
    for turn in range(40):
        number = (first + turn) % len(wanted)
        cache.put(f"{number:04x}", wanted[number])
        for other, expected in enumerate(wanted):
            kept = cache.get(f"{other:04x}", SCHEDULE)
            if kept is not None:
                assert_equal(kept, expected)
                found += 1
    return found


def test_a_file_that_vanishes_while_it_is_opened_is_a_miss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, path = InversionCache(tmp_path, ROOM), tmp_path / f"{KEY}.safetensors"
    cache.put(KEY, inversion())
    opened = safetensors.safe_open

    def too_late(file: Path, framework: str) -> object:
        path.unlink()
        return opened(file, framework=framework)

    monkeypatch.setattr(safetensors, "safe_open", too_late)
    assert cache.get(KEY, SCHEDULE) is None


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="importing torch anew is slow")
@pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")
def test_processes_share_a_folder(tmp_path: Path) -> None:
    folder, limit = tmp_path / "cache", 3 * file_size(tmp_path)
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        other = pool.submit(_use, str(folder), 3, limit)
        assert _use(str(folder), 0, limit) > 0
        assert other.result() > 0
    InversionCache(folder, limit).put(KEY, inversion())
    files = list(folder.iterdir())
    assert sum(path.stat().st_size for path in files) <= limit
    assert all(path.suffix == ".safetensors" for path in files)


def test_the_default_lies_in_the_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFEX_CACHE", str(tmp_path))
    monkeypatch.delenv("DIFFEX_CACHE_GB", raising=False)
    default_cache().put(KEY, inversion())
    assert (tmp_path / "inversions" / f"{KEY}.safetensors").exists()
    monkeypatch.setenv("DIFFEX_CACHE_GB", "0")
    assert default_cache().get(KEY, SCHEDULE) is None
    monkeypatch.setenv("DIFFEX_CACHE_GB", "0.5")
    assert_equal(default_cache().get(KEY, SCHEDULE), inversion())
    monkeypatch.delenv("DIFFEX_CACHE")
    assert cache_folder().name == "diffex"


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "4GB"])
def test_a_size_that_is_none_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFEX_CACHE_GB", text)
    with pytest.raises(UsageError, match=f"DIFFEX_CACHE_GB={text} must be a number of gibibytes"):
        default_cache()
