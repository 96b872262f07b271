"""The page of a review in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from diffex_cli.study.page import Page, Shown, render
from diffex_cli.study.pictures import Album

AXE = Path(__file__).parents[1] / "report" / "browser" / "axe-core" / "axe.min.js"
HOSTILE = "</script><img src=x onerror=alert(1)> & co"


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Three pictures to be looked at; what the page says on the console, or asks of the network, fails the test."""
    album, faults = Album(), []
    items = [
        Shown(f"r-{n}", 0, (album.add(Image.new("RGB", (64, 48), (60 * n, 90, 120))),), words)
        for n, words in enumerate(("tall crest", HOSTILE, "red head"), 1)
    ]
    file = tmp_path / "page.html"
    file.write_text(render(Page("0123456789abcdef", "review", 1, tuple(items), album.uris)))
    context = browser.new_context(viewport={"width": 390, "height": 800})
    context.set_default_timeout(10_000)
    opened = context.new_page()
    opened.on("console", lambda message: faults.append(message.text))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("dialog", lambda dialog: faults.append(dialog.message))
    opened.on(
        "request", lambda request: request.url.startswith(("file:", "data:", "blob:")) or faults.append(request.url)
    )
    opened.goto(f"{file.as_uri()}?participant=ann")
    yield opened
    assert faults == []
    context.close()


def test_by_keyboard_to_a_saved_file(page: Any, tmp_path: Path) -> None:
    page.focus("#begin")
    page.keyboard.press("Enter")
    words = []
    for steps in (0, 1, 2):  # yes, no, cannot tell
        words.append(page.locator("#words strong").inner_text())
        assert page.locator("#queries label span").all_inner_texts() == ["yes", "no", "cannot tell"]
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == "Enlarge the picture"
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        for _ in range(steps):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    assert sorted(words) == sorted(["tall crest", HOSTILE, "red head"])
    assert page.evaluate("document.activeElement.id") == "thanks"
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "answers-review-012345-ann.json"
    download.value.save_as(tmp_path / "saved.json")
    content = json.loads((tmp_path / "saved.json").read_text())
    assert [content["answers"][id]["seen"] for id in content["order"]] == ["yes", "no", "cannot tell"]
    assert (content["kind"], content["complete"], content["rater"]) == ("review", True, {"kind": "person"})


def test_a_single_picture_is_enlarged_alone(page: Any) -> None:
    page.click("#begin")
    assert page.locator("#pictures img").get_attribute("alt") == "The picture"
    assert page.locator("figcaption").is_hidden()
    page.locator(".enlarge").click()
    assert page.locator("#pane img").count() == 1
    assert page.locator("#turns").is_hidden()
    assert page.locator("#hint").is_hidden()
    page.keyboard.press("ArrowRight")
    assert page.locator("#pane img").is_visible()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "enlarge"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_complaint(page: Any, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.click("#begin")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for enlarged in (False, True):
        if enlarged:
            page.locator(".enlarge").click()
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
