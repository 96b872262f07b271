"""A small pipeline for the tests of the stages: a hierarchy, some pictures, the colour classifier."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.errors import IncompleteError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.measure import edit, score
from diffex_cli.search import search

SILENT = SilentProgress()
N_IMAGES = 5
N_ROOTS = 4
N_NODES = 9

HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  group: words
  children:
  - name: rough
    group: words
    children:
    - name: very rough
    - name: a little rough
  - name: smooth
- name: edge
  group: words
  children:
  - name: sharp
- name: shadow
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""


def settings(root: Path, **changes: Any) -> Settings:
    """Settings of a run ``root/run``, whose inputs lie beside it."""
    values: dict[str, Any] = {
        "run": root / "run",
        "domain": "shapes",
        "corpus_file": root / "hierarchy.yaml",
        "images": root / "pictures",
        "classifier": "python:colour_classifier:logits",
        "editor": "tint:",
        "beam": 2,
        "delta": 0.05,
        **changes,
    }
    return Settings(**values, origins=dict.fromkeys(values, "flag"))


def make_inputs(root: Path) -> None:
    """The hierarchy and the pictures."""
    (root / "hierarchy.yaml").write_text(HIERARCHY)
    (root / "pictures" / "more").mkdir(parents=True)
    random = np.random.default_rng(0)
    for i in range(N_IMAGES):
        pixels = random.integers(0, 256, (16, 20, 3), dtype=np.uint8)
        folder = root / "pictures" / ("more" if i % 2 else "")
        Image.fromarray(pixels).save(folder / f"{i}.png")


def make_corpus(root: Path, **changes: Any) -> Settings:
    """Inputs, and the stage ``corpus`` done."""
    make_inputs(root)
    made = settings(root, **changes)
    corpus.run(made, SILENT)
    return made


def ask_until_done(made: Settings, editing: Any = None) -> search.SearchSummary:
    """A loop as in a shell. ``editing`` stands for ``diffex edit --requests``, which is the default."""
    for _ in range(10):
        try:
            return search.run(made, SILENT, fill=False)
        except IncompleteError:
            if editing is None:
                edit.run(made, SILENT, requests=True)
            else:
                editing()
            score.run(made, SILENT)
    raise AssertionError("the loop does not end")


def texts(ranking: tuple[RankingRow, ...]) -> list[str]:
    """Rows as text, to compare them: NaN is not equal to itself."""
    return [repr(dataclasses.astuple(row)) for row in ranking]
