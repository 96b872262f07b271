"""Pillow's remarks are unheard in many threads, and nobody else's."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.artifacts.pictures import open_picture, save_picture
from diffex_cli.artifacts.quiet import quiet_pillow


def remark() -> None:
    """As a module of Pillow's does it."""
    exec("import warnings; warnings.warn('a remark')", {"__name__": "PIL.PngImagePlugin"})


def test_overlapping_threads_leave_the_filters_as_they_were() -> None:
    before, steps = list(warnings.filters), [threading.Event() for _ in range(3)]

    def first() -> None:
        with quiet_pillow():
            steps[0].set()
            steps[1].wait(5)
            remark()

    def second() -> None:
        steps[0].wait(5)
        with quiet_pillow():
            steps[1].set()
            steps[2].wait(5)
            remark()

    threads = [threading.Thread(target=one) for one in (first, second)]
    for one in threads:
        one.start()
    threads[0].join()
    with pytest.warns(UserWarning, match="of somebody else"):
        warnings.warn("of somebody else", UserWarning, stacklevel=1)
    steps[2].set()
    threads[1].join()
    assert list(warnings.filters) == before
    with pytest.warns(UserWarning, match="a remark"):
        remark()


def test_after_pictures_were_read_in_many_threads_warnings_are_heard(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    files = [tmp_path / f"{number}.png" for number in range(64)]
    for file in files:
        save_picture(file, Image.fromarray(random.integers(0, 256, (48, 48, 3), dtype=np.uint8)))
    before = list(warnings.filters)
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(open_picture, files))) == 64
    assert list(warnings.filters) == before
