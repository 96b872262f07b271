"""The page's HTML without a browser: ids, names and captions of everything, and nothing that could act."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from html.parser import HTMLParser
from importlib import resources

import page_data
import pytest

from diffex_cli.report import html

_VOID = {"meta", "link", "br", "img", "input"}


class Markup(HTMLParser):
    """The tags of a page, each with the tags around it; checks that all are closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str], tuple[str, ...]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        assert len(attributes) == len(attrs)
        self.tags.append((tag, attributes, tuple(name for name, _ in self._open)))
        if tag not in _VOID:
            self._open.append((tag, attributes.get("id", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}, tuple(name for name, _ in self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for tag, id in self._open[-1:]:
            self.texts[id or tag] = self.texts.get(id or tag, "") + data

    def every(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes, _ in self.tags if tag in names]


@pytest.fixture(scope="module")
def source() -> str:
    return html.page(page_data.report(), page_data.pictures())


@pytest.fixture(scope="module")
def markup(source: str) -> Markup:
    return Markup(source)


def test_ids_are_unique_and_all_references_lead_somewhere(markup: Markup) -> None:
    ids = Counter(attributes["id"] for _, attributes, _ in markup.tags if "id" in attributes)
    assert ids.most_common(1)[0][1] == 1
    wanted = {value for _, attributes, _ in markup.tags if (value := attributes.get("aria-labelledby"))}
    wanted |= {address[1:] for one in markup.every("a") if (address := one["href"]).startswith("#")}
    assert wanted <= set(ids)
    assert len(wanted) > 8


def test_everything_has_a_name(markup: Markup) -> None:
    assert markup.every("html")[0]["lang"] == "en"
    assert markup.texts["title"] == "What moves ‘cardinal’ · diffex"
    for name in ("h1", "main", "title", "header", "footer"):
        assert len(markup.every(name)) == 1
    assert all("aria-labelledby" in one for one in markup.every("section"))
    assert all("alt" in one for one in markup.every("img"))
    regions = [one for one in markup.every("div") if one.get("role") == "region"]
    assert all(one["tabindex"] == "0" and ("aria-label" in one or "aria-labelledby" in one) for one in regions)
    fields = [around for tag, _, around in markup.tags if tag in {"select", "input"}]
    assert fields
    assert all("label" in around for around in fields)
    assert all(one["type"] == "button" for one in markup.every("button"))
    assert all(one.get("scope") in {"col", "row"} for one in markup.every("th"))
    told = [one["class"] for one in markup.every("table") if one.get("class")]
    assert told == ["sortable", "sortable", "leaks"]
    assert len(markup.every("caption")) == len(told)


def test_headings_do_not_skip_a_level(markup: Markup) -> None:
    levels = [int(tag[1]) for tag, _, _ in markup.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(later <= before + 1 for before, later in itertools.pairwise(levels))


def test_nothing_is_fetched_and_nothing_foreign_can_act(markup: Markup) -> None:
    policy = next(one["content"] for one in markup.every("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy
    addresses = [value for _, one, _ in markup.tags for name in ("src", "href") if (value := one.get(name))]
    assert all(address.startswith(("#", "data:,")) for address in addresses)
    names = {name for _, attributes, _ in markup.tags for name in attributes}
    assert "style" not in names
    assert not any(name.startswith("on") for name in names)
    assert [one.get("type") for one in markup.every("script")] == ["application/json", "application/json", None]
    assert not re.search(r"@import|url\((?!\"#)", markup.texts["style"])


def test_names_from_outside_are_data(source: str, markup: Markup) -> None:
    assert page_data.HOSTILE not in source
    assert "<script>alert" not in source
    data = json.loads(markup.texts["diffex-data"])
    assert data == page_data.report()
    assert json.loads(markup.texts["diffex-pictures"]) == page_data.pictures()
    assert markup.texts["th"].count(page_data.HOSTILE) >= 2


def test_the_script_never_makes_markup_of_data() -> None:
    folder = resources.files("diffex_cli.report") / "templates" / "script"
    files = sorted(file.name for file in folder.iterdir())
    assert files[0] == "1-base.js"
    for name in files:
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(|XMLHttp|import\(|"
            r"setAttribute\(\"(style|on)|https?://(?!www\.w3\.org/2000/svg)",
            text,
        ), name
        assert len(text.splitlines()) < 250


def test_overview_tables_and_trace_are_there_without_a_script(source: str) -> None:
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", source[: source.index('id="diffex-data"')]))
    for said in (
        "Best joint combination",
        "Shown to matter",
        "Could matter 9 images are too few to say",
        "Shown to be small Shown to do less than δ",
        "Of 8 attributes, 2 were shown to matter",
        "Before you trust this",
        "9 scored, 2 shown to matter",
        "99 edits: 77 changed the picture, 11 changed nothing, 11 failed",
        "Level 2 : 3 scored, 2 kept",
        "noise floor, ±0.18 logits",
        "need JavaScript",
    ):
        assert said in words


def test_effects_on_the_probability_are_never_called_logits() -> None:
    data = page_data.report(
        scale="prob", quantity="probability", unit="in probability", overview=page_data.report()["overview"]
    )
    words = html.page(data, page_data.pictures())
    page = words[words.index("<main>") : words.index('id="diffex-data"')]
    assert "logit" not in page


def test_unknown_figures_are_dashes() -> None:
    data = page_data.report()
    for row in data["attributes"]:
        row |= dict.fromkeys(("effect", "low", "high", "p_value", "p_corrected", "delta_probability"))
        row["quality"] |= {"changed": None}
    data["quality"]["seconds"] = None
    page = html.page(data, page_data.pictures())
    body = page[page.index("<body>") : page.index('id="diffex-data"')]
    assert not re.search(r"\b(None|nan|undefined)\b", re.sub("<[^>]*>", " ", body))
    assert "–" in body
