"""The page as a whole: quiet, safe, accessible, fit for print, for narrow screens and for large runs."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import page_data
import pytest
from visits import Open

from diffex_cli.report import html
from diffex_cli.report.build import build
from diffex_cli.report.data import ReportData

AXE = Path(__file__).with_name("axe-core") / "axe.min.js"
SCHEMES = ("light", "dark")
WIDTHS = (390, 1280)


def violations(page: Any) -> list[str]:
    """What axe-core finds, the serious and the critical."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; undefined")
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_has_no_serious_complaint(open_page: Open, scheme: str, width: int) -> None:
    visit = open_page("#a=background%2Fsnow&a=background%2Fsnow%20%2B%20crest", color_scheme=scheme)
    visit.page.set_viewport_size({"width": width, "height": 900})
    visit.page.get_by_role("button", name="Unfold all").click()
    visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for way in ("side by side", "slider", "flicker", "difference", "heat maps"):
        visit.page.click(f".panel:not([hidden]) label:has-text('{way}')")
        assert violations(visit.page) == [], way


def test_axe_would_complain(open_page: Open) -> None:
    visit = open_page()
    visit.page.evaluate("document.getElementById('strip').append(document.createElement('img'))")
    visit.page.evaluate(
        "document.querySelector('[name=find]').closest('label').replaceWith(document.querySelector('[name=find]'))"
    )
    assert any(one.startswith("image-alt") for one in violations(visit.page))


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(open_page: Open, width: int) -> None:
    fragment = "#a=background%2Fsnow&a=background%2Fsnow%20%2B%20crest&sort=name"
    visit = open_page(fragment, viewport={"width": width, "height": 900})
    visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width


def test_names_from_outside_are_text_and_nothing_else(open_page: Open) -> None:
    data = page_data.report(
        title="</title><script>alert(3)</script>", subject=page_data.HOSTILE, target=page_data.HOSTILE
    )
    visit = open_page("#a=evil&a=background%2Fsnow", data=data)
    page = visit.page
    assert page.locator("img[src=x]").count() == 0
    assert page.locator("script").count() == 3
    assert page.inner_text(f"{visit.row('evil')} .name") == page_data.HOSTILE
    assert page_data.HOSTILE_FILE in page.inner_text(visit.panel("evil"))
    assert page.title() == "</title><script>alert(3)</script>"
    names = page.evaluate("[...document.querySelectorAll('*')].flatMap((element) => element.getAttributeNames())")
    assert not any(name.startswith("on") for name in names)


def test_what_slips_in_cannot_act(open_page: Open) -> None:
    visit = open_page()
    visit.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.acted = 1'}))"
    )
    visit.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x.png\" alt=\"\">')"
    )
    assert visit.page.evaluate("window.acted") is None
    visit.page.wait_for_timeout(100)
    assert len(visit.complaints) == 2
    assert all("Content Security Policy" in one for one in visit.complaints)
    visit.complaints.clear()
    visit.requests = visit.requests[:1]


def test_words_and_figures_need_no_script(open_page: Open) -> None:
    page = open_page(java_script_enabled=False).page
    text = page.inner_text("body")
    for words in (
        "is recognised by",
        "Could matter",
        "Shown to be small",
        "need JavaScript",
        "All figures",
        "+2.31",
        "Level 1",
    ):
        assert words in text
    assert page.locator("#tools").is_hidden()
    page.click("h1 a")
    assert page.locator("tr:target th").inner_text().startswith("snow background")


def test_print_shows_what_is_open_without_the_tools(open_page: Open) -> None:
    visit = open_page("#a=background%2Fsnow", color_scheme="dark")
    visit.page.emulate_media(media="print")
    assert visit.page.locator("#tools").is_hidden()
    assert visit.page.locator(".panel .tools").first.is_hidden()
    assert visit.page.locator(f"{visit.panel('background/snow')} img").first.is_visible()
    assert visit.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert visit.page.pdf().startswith(b"%PDF")


def test_nothing_passed_and_nothing_measured(open_page: Open) -> None:
    data = page_data.report(attributes=[], images=[], tree={"roots": [], "unseen": ["wings"]}, floor=None, judged=False)
    data["overview"] = {key: [] if isinstance(value, list) else None for key, value in data["overview"].items()}
    data["overview"] |= {"headline": [{"text": "Nothing was shown to matter.", "attribute": None}], "floor": []}
    data |= {
        "order": {"sets": [], "found": [], "strip": []},
        "best_joint": None,
        "views": data["views"][:1],
        "leaks": None,
    }
    data["trace"] = {"screening": "", "levels": []}
    visit = open_page(data=data)
    assert "No attribute was scored." in visit.page.inner_text(".explorer")
    assert visit.page.inner_text("#shown") == "0 of 0 attributes shown"
    assert violations(visit.page) == []


def test_ten_thousand_edits_stay_light(open_page: Open) -> None:
    data = page_data.report()
    pattern = data["attributes"][1]
    columns = pattern["pairs"]
    wide = {key: value[:1] * 20 for key, value in columns.items() if isinstance(value, list) and len(value) == 9}
    wide |= {key: [value[:1] * 20 for value in columns[key]] for key in ("delta", "probability")}
    wide |= {"pictured": 20, "available": 20}
    data["attributes"] = [
        {**copy.deepcopy(pattern), "id": f"x{i}", "name": f"attribute {i}", "parent": None, "pairs": wide}
        for i in range(500)
    ]
    roots = [{"id": f"x{i}", "name": "", "attribute": i, "children": [], "unseen": []} for i in range(500)]
    data |= {
        "tree": {"roots": roots, "unseen": []},
        "order": {"sets": [], "found": [], "strip": []},
        "best_joint": None,
    }
    data["overview"] = page_data.report()["overview"]
    started = time.monotonic()
    visit = open_page("#sort=name", data=data)
    assert visit.page.inner_text("#shown") == "500 of 500 attributes shown"
    assert time.monotonic() - started < 20
    assert visit.page.evaluate("document.querySelectorAll('*').length") < 60_000
    assert visit.page.locator(".pair").count() == 0, "galleries are made when they are opened"
    visit.page.fill("[name=find]", "attribute 499")
    assert visit.shown() == ["attribute 499"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_page_of_a_real_build(open_file: Open, judged_data: ReportData, tmp_path: Path, scheme: str) -> None:
    file = build(judged_data, tmp_path / "report").html
    visit = open_file(file, "#a=background%2Fsnow", color_scheme=scheme)
    assert "snow background" in visit.page.inner_text("h1")
    assert visit.page.locator(".panel:not([hidden]) .pair img").first.evaluate(
        "e => e.decode().then(() => e.naturalWidth)"
    )
    assert visit.page.locator("#strip li").count() > 0
    assert violations(visit.page) == []


def test_a_packed_page_is_the_same_page(open_file: Open, tmp_path: Path) -> None:
    seen = []
    for packed in (False, True):
        file = tmp_path / f"{packed}.html"
        file.write_text(html.page(page_data.report(), page_data.pictures(), packed), encoding="utf-8")
        visit = open_file(file)
        visit.page.wait_for_selector("html.scripted")
        visit.toggle("crest")
        seen.append((visit.shown(), visit.page.inner_text(visit.panel("crest"))))
    assert seen[0] == seen[1]
    assert seen[0][0]
