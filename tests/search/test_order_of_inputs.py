"""The order of images and of siblings is nobody's evidence: a whole search finds the same in any."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pipeline import SILENT, make_corpus, settings, texts

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.report.claims import claims
from diffex_cli.report.reading import read_report_data
from diffex_cli.search import search

SEARCHES: dict[str, dict[str, Any]] = {
    "sets": {"joint": 2, "beam": 3},
    "held out": {"holdout": "on"},
    "raced": {"racing": True, "target": "green"},
    "of every class": {"target": "all"},
    "both ways": {"direction": "both", "beam": 1},
}


def turned(node: Node) -> Node:
    return dataclasses.replace(node, children=_turned(node.children))


def _turned(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(turned(node) for node in nodes[::-1])


@pytest.mark.parametrize("name", SEARCHES)
def test_permuting_images_and_siblings_changes_nothing(tmp_path: Path, name: str) -> None:
    make_corpus(tmp_path)
    made = settings(tmp_path, **SEARCHES[name])
    run = RunDirectory(made.run)
    first = search.run(made, SILENT)
    before, told = run.search(), claims(read_report_data(made.run))
    corpus = run.corpus()
    run.write_corpus(Corpus(corpus.domain, _turned(corpus.roots)), {})
    run.write_images(run.images()[::-1], {})
    second = search.run(made, SILENT)
    assert second.made == 0
    assert texts(second.ranking) == texts(first.ranking)
    assert run.ranking_of_all() is None or name == "of every class"
    after = run.search()
    for part in ("passed", "best", "best_joint", "floor", "detectable", "corrected_for", "corrected_for_sets"):
        assert getattr(after, part) == getattr(before, part), part
    assert repr(claims(read_report_data(made.run))) == repr(told)
