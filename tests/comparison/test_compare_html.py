from __future__ import annotations

import dataclasses
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from compared import HOSTILE, estimate, versus

from diffex_cli.comparison import sentences
from diffex_cli.comparison.page import page

VOID = {"meta", "link", "br", "img", "input"}


class Read(HTMLParser):
    """A page's tags and words; every tag has to be closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["script"], ["style"]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_what_changed_comes_first_in_words(tmp_path: Path) -> None:
    read = Read(page([versus(tmp_path)]))
    for words in (
        "birds:shortcut against birds:species",
        "2 of 4 attributes changed. Most: snow, from +0.10 to +2.40 logits (difference +2.30, 95 % interval +2.00 to",
        "of 4 attributes about 0.2 would do so",
        "Logits of different classifiers may have different scales.",
        "1 that the second does.",
        "changed: turned around",
        "no change shown",
        "not tried",
        "unpaired, n = 9",
        "first ±0.31",
        "second: none",
        "nDCG@5 0.500 with the first as truth and 0.250 with the second",
        "The corpora share 88 % of their names",
        "2 more",
        "Shown to matter by both runs (1) snow Shown to matter by the first run only (0) none",
        "Shown to matter by the second run only (1) crest",
        "before ○ first 11 % ◆ second 22 % after ○ first 33 %",
    ):
        assert words in read.text, words
    assert "nan" not in read.text


def test_a_picture_that_both_have_is_one_with_both_scores(tmp_path: Path) -> None:
    images = Read(page([versus(tmp_path)])).all("img")
    assert [image["alt"] for image in images] == [
        "Original image. Probability of the class: first run 11\N{NO-BREAK SPACE}%, second run 22\N{NO-BREAK SPACE}%.",
        "Edited: snow. Probability of the class: first run 33\N{NO-BREAK SPACE}%, second run 44\N{NO-BREAK SPACE}%.",
        "Original image.",
    ]
    assert all((image["src"] or "").startswith("data:image/webp;base64,") for image in images)


def test_names_are_text_and_the_policy_forbids_the_rest(tmp_path: Path) -> None:
    source = page([versus(tmp_path)], [HOSTILE])
    read = Read(source)
    assert HOSTILE not in source
    assert read.text.count(HOSTILE) == 3  # the warning, the run, the attribute
    assert not [name for _, attributes in read.tags for name in attributes if name.startswith("on") or name == "style"]
    policy = next(one["content"] or "" for one in read.all("meta") if one.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    addresses = [value for _, attributes in read.tags for name, value in attributes.items() if name in {"src", "href"}]
    assert all((address or "").startswith(("data:", "#")) for address in addresses)


def test_every_plot_has_words_and_every_id_is_one(tmp_path: Path) -> None:
    read = Read(page([versus(tmp_path), versus(tmp_path)]))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.tags:
        for name in ("aria-labelledby",):
            assert name not in attributes or attributes[name] in ids
    labels = [unescape(one["aria-label"] or "") for one in read.all("svg") if one.get("role") == "img"]
    assert len(labels) == 2 * 5
    assert "snow: first +0.10 logits, second +2.40 logits" in labels
    assert "crest: first not tried, second +1.50 logits" in labels
    assert "2 runs against birds:species" in read.text


def test_effects_in_different_units_are_not_put_side_by_side(tmp_path: Path) -> None:
    read = Read(page([dataclasses.replace(versus(tmp_path), same_unit=False)]))
    assert "different quantities" in read.text
    assert "+2.40" not in read.text
    assert not read.all("svg")
    assert "rank 1" in read.text


def test_missing_pictures_are_told(tmp_path: Path) -> None:
    one = versus(tmp_path)
    (tmp_path / "after.png").unlink()
    read = Read(page([one]))
    assert len(read.all("img")) == 2
    assert "after.png is missing or cannot be read" in read.text


def test_nothing_in_common(tmp_path: Path) -> None:
    empty = dataclasses.replace(versus(tmp_path), changes=(), one_sided=())
    read = Read(page([empty]))
    assert "No attribute was measured by both runs." in read.text
    still = dataclasses.replace(empty, changes=versus(tmp_path).changes[2:])
    assert "None of the 2 attributes that both measured can be told to have changed." in Read(page([still])).text


def test_what_became_of_an_effect(tmp_path: Path) -> None:
    change = versus(tmp_path).changes[0]

    def told(first: float, second: float) -> str:
        return sentences.direction(dataclasses.replace(change, first=estimate(first), second=estimate(second)))

    assert [told(1, 2), told(-2, -1), told(1, -1), told(-0.1, 1), told(1, -0.1)] == [
        *("stronger", "weaker", "turned around", "rose", "fell")
    ]


def test_the_same_data_gives_the_same_page(tmp_path: Path) -> None:
    assert page([versus(tmp_path)]) == page([versus(tmp_path)])
