"""The page of a comparison in a real browser: sorting, filters, no complaint, no request."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared import versus
from test_browser_page import SCHEMES, WIDTHS, violations
from visits import Open

from diffex_cli.comparison.page import page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "compared.html"
    file.write_text(page([versus(tmp_path)]), encoding="utf-8")
    return file


def names(visit: object) -> list[str]:
    rows = visit.page.locator("table.sortable tbody tr")  # type: ignore[attr-defined]
    return [rows.nth(i).locator("th code").inner_text() for i in range(rows.count()) if rows.nth(i).is_visible()]


def test_sorting(open_file: Open, file: Path) -> None:
    visit = open_file(file)
    assert names(visit) == ["background/snow", "evil", "tail", "beak"]
    head = visit.page.locator("table.sortable th", has_text="Second")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(visit) == ["evil", "tail", "background/snow", "beak"]
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert names(visit) == ["background/snow", "tail", "evil", "beak"]


def test_filters(open_file: Open, file: Path) -> None:
    visit = open_file(file)
    visit.page.get_by_label("only what changed").check()
    assert names(visit) == ["background/snow", "evil"]
    assert visit.page.locator("output.shown").inner_text() == "2 of 4 shown"
    visit.page.get_by_label("find").fill("SNOW")
    assert names(visit) == ["background/snow"]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_serious_complaint_and_nothing_too_wide(open_file: Open, file: Path, scheme: str, width: int) -> None:
    visit = open_file(file, color_scheme=scheme, viewport={"width": width, "height": 900})
    assert violations(visit.page) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    regions = "[...document.querySelectorAll('.scroll')].every((one) => one.scrollWidth <= one.clientWidth)"
    assert visit.page.evaluate(regions)
    assert visit.page.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")


def test_numbers_are_below_the_pictures_and_at_the_right(open_file: Open, file: Path) -> None:
    page = open_file(file).page
    frames = page.locator(".pictures").first.locator(".shot")
    assert [text.split("\n") for text in frames.all_inner_texts()] == [
        ["before", "○ first", "11\N{NO-BREAK SPACE}%", "◆ second", "22\N{NO-BREAK SPACE}%"],
        ["after", "○ first", "33\N{NO-BREAK SPACE}%", "◆ second", "44\N{NO-BREAK SPACE}%"],
    ]
    image, caption = frames.first.locator("img").bounding_box(), frames.first.locator("figcaption").bounding_box()
    assert caption["y"] >= image["y"] + image["height"]
    colours = page.evaluate("getComputedStyle(document.querySelector('.shot img')).borderTopColor")
    assert colours == "rgb(139, 141, 144)", "a colour says neither good nor bad"
    cell = page.locator("table.sortable tbody td.number").first
    assert cell.evaluate("e => getComputedStyle(e).textAlign") == "right"


def test_without_script_all_is_there(open_file: Open, file: Path) -> None:
    visit = open_file(file, java_script_enabled=False)
    assert names(visit) == ["background/snow", "evil", "tail", "beak"]
    assert not visit.page.get_by_label("find").is_visible()
