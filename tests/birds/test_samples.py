from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.birds import samples
from diffex_cli.birds.renderer import render
from diffex_cli.birds.species import LABELS


def test_no_record_is_lost() -> None:
    assert len(samples.records()) == len(samples.pictures()) == samples.COUNT
    assert list(samples.records()) == list(samples.pictures())


def test_the_records_render_to_the_shipped_pixels() -> None:
    for key, bird in samples.records().items():
        picture = samples.pictures()[key]
        assert image_key(picture) == key
        assert np.array_equal(np.asarray(render(bird)), np.asarray(picture))


def test_making_them_again_gives_the_shipped_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "COUNT", 7)
    samples.make(tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 7
    for file in tmp_path.glob("*.png"):
        with Image.open(file) as made, Image.open(samples.FOLDER / file.name) as shipped:
            assert made.tobytes() == shipped.tobytes()


def test_the_species_take_turns() -> None:
    names = sorted(path.stem for path in samples.FOLDER.glob("*.png"))
    assert names == [f"{k:02d}-{LABELS[k % len(LABELS)]}" for k in range(samples.COUNT)]


def test_unseen_birds_are_others_and_always_the_same() -> None:
    birds = samples.unseen("a", 6)
    assert birds == samples.unseen("a", 6)
    assert len(birds) == 6
    assert not set(birds) & (set(samples.records()) | set(samples.unseen("b", 6)))
    assert all(image_key(render(bird)) == key for key, bird in birds.items())
