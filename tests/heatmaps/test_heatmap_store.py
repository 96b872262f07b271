from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.heatmaps.overlay import overlay
from diffex_cli.heatmaps.store import HeatMap, HeatMapStore

KEY = "ab" + "0123456789" * 6 + "cd"
PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (12, 20, 3), dtype=np.uint8))
VALUES = np.linspace(0, 1, 12 * 20).reshape(12, 20)


@pytest.fixture
def store(tmp_path: Path) -> HeatMapStore:
    made = HeatMapStore(tmp_path / "heatmaps")
    made.write(KEY, HeatMap(VALUES, 1.625), PICTURE)
    return made


def test_what_was_kept_is_read_again(store: HeatMapStore) -> None:
    assert store.has(KEY)
    found = store.read(KEY)
    assert found is not None
    assert found.peak == 1.625
    np.testing.assert_allclose(found.values, VALUES, atol=1 / 65535)


def test_the_overlay_lies_beside_it(store: HeatMapStore) -> None:
    with Image.open(store.overlay_file(KEY)) as shown:
        assert shown.size == PICTURE.size
        assert shown.format == "WEBP"
        difference = np.abs(np.asarray(shown.convert("RGB"), int) - np.asarray(overlay(PICTURE, VALUES), int))
    assert difference.mean() < 20


def test_another_key_of_the_same_name_is_not_taken_for_it(store: HeatMapStore) -> None:
    assert store.read(KEY[:16] + "f" * 48) is None


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_a_broken_or_missing_file_is_made_again(store: HeatMapStore, suffix: str) -> None:
    file = store.overlay_file(KEY).with_suffix(suffix)
    whole = file.read_bytes()
    for content in (whole[: len(whole) // 2], b"", None):
        if content is None:
            file.unlink()
        else:
            file.write_bytes(content)
        assert not store.has(KEY)
    store.write(KEY, HeatMap(VALUES, 1.0), PICTURE)
    assert store.has(KEY)


def test_a_foreign_picture_is_no_heat_map(store: HeatMapStore) -> None:
    PICTURE.save(store.overlay_file(KEY).with_suffix(".png"))
    assert store.read(KEY) is None


def test_nothing_is_kept_of_what_was_not_made(tmp_path: Path) -> None:
    assert not HeatMapStore(tmp_path).has(KEY)
