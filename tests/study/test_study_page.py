"""The page without a browser: what is in it, and what is not."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from study_samples import HOSTILE, identify, joint, page_of, quality

from diffex_cli.core.errors import UsageError
from diffex_cli.study.page import read_page, render
from diffex_cli.study.study import Study


class _Reader(HTMLParser):
    """The elements of a page, and what its scripts and styles hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style"):
            self.texts.append((self.tags[-1][0], data))


@pytest.mark.parametrize("study", [quality(), identify(), joint()], ids=lambda study: study.kind)
def test_the_policy_allows_its_own_script_and_nothing_else(study: Study) -> None:
    reader = _Reader(render(page_of(study)))
    policy = next(attributes["content"] for tag, attributes in reader.tags if "http-equiv" in attributes) or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    sources = [text for tag, text in reader.texts if text.strip() and not text.startswith("{")]
    hashes = {"sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in sources}
    assert len(sources) == 2
    assert hashes == set(re.findall(r"sha256-[\w+/=]+", policy))
    assert not any({"src", "href", "style", "onclick"} & attributes.keys() for _, attributes in reader.tags)


def test_ids_are_unique_and_fields_are_labelled() -> None:
    reader = _Reader(render(page_of(quality())))
    ids = [attributes["id"] for _, attributes in reader.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes.get("for") for tag, attributes in reader.tags if tag == "label"}
    assert {attributes["id"] for tag, attributes in reader.tags if tag == "input"} <= labelled
    assert ("html", {"lang": "en"}) in reader.tags


def test_names_are_data() -> None:
    text = render(page_of(quality(), words=HOSTILE))
    assert text.count("<script") == 2
    assert "<img" not in text
    assert "onerror=alert(1)>" not in text


def test_no_right_answer_is_in_it() -> None:
    study = identify()
    text = render(page_of(study))
    data = json.loads(re.findall(r'id="study">(.*?)</script>', text)[0])
    for one in data["items"]:
        assert set(one) == {"id", "turn", "pictures", "words", "options"}
        assert one["options"] == sorted(one["options"])
    hidden = {item.id for item in study.items if item.method != "words"}
    assert all(one["words"] == "" for one in data["items"] if one["id"] in hidden)


def test_a_page_is_read_back(tmp_path: Path) -> None:
    page = page_of(identify(), words=HOSTILE)
    file = tmp_path / "page.html"
    file.write_text(render(page))
    assert read_page(file) == page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<html></html>", "is not a study's page"),
        ('<script type="application/json" id="study">{"schema": "x"}</script>', "not a page of this version"),
        ('<script type="application/json" id="study">{</script>', "is broken"),
        ('<script type="application/json" id="study">[]</script>', "is broken"),
    ],
)
def test_what_is_no_page_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(text)
    with pytest.raises(UsageError, match=sentence):
        read_page(file)
    with pytest.raises(UsageError, match="cannot read"):
        read_page(tmp_path / "nowhere.html")


def test_a_page_that_lacks_a_picture_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    page = page_of(quality())
    file.write_text(render(page).replace(page.items[0].pictures[0], "gone", 1))
    with pytest.raises(UsageError, match="is broken"):
        read_page(file)
