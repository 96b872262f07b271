"""The first screen, the dots, the pictures at a glance and the glossary, in a real browser."""

from __future__ import annotations

from typing import Any

import page_data
import pytest
from test_browser_page import SCHEMES, violations
from visits import Open, Visit, captions, words

SNOW = "background/snow"
SCREENS = ((1280, 800), (390, 844))


def varied() -> dict[str, Any]:
    """The page's data, with each picture of the snow changed by another amount; number 8 failed."""
    data = page_data.report()
    pairs = data["attributes"][1]["pairs"]
    pairs["delta"][0] = [2.3, 2.0, 1.0, 3.5, -0.5, 3.0, 2.5, 0.0, None]
    pairs["probability"][0] = [0.7, 0.6, 0.3, 0.95, 0.05, 0.9, 0.8, 0.12, None]
    return data


def strip(visit: Visit) -> Any:
    return visit.page.locator(f"{visit.row(SNOW)} .dots")


def at_dot(visit: Visit, place: int) -> dict[str, float]:
    """Where a dot of the snow's row lies in its strip."""
    found: dict[str, float] = strip(visit).evaluate(
        "(e, [number, at]) => { const dot = spread(attributes[number], 0)[at], box = e.getBoundingClientRect();"
        " return {x: dot.x / 100 * box.width, y: dot.y / 22 * box.height}; }",
        [page_data.index(SNOW), place],
    )
    return found


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_the_answer_its_pair_and_three_bars_are_on_the_first_screen(open_page: Open, width: int, height: int) -> None:
    data = page_data.report()
    data["order"]["strip"] = [1, 2, 3]
    page = open_page(data=data, viewport={"width": width, "height": height}).page
    boxes = page.evaluate(
        "[...document.querySelectorAll('h1, #hero img, #hero .told, .strongest .bar')].map((one) => "
        "one.getBoundingClientRect().bottom)"
    )
    assert len(boxes) == 1 + 2 + 2 + 3
    assert max(boxes) <= height
    assert captions(page.locator("#hero")) == [
        "before\ncalled ‘cardinal’: 12 %",
        "after: snow background added\ncalled ‘cardinal’: 75 %",
    ]
    pictures = page.locator("#hero img")
    assert [pictures.nth(i).evaluate("e => e.decode().then(() => e.naturalWidth)") for i in range(2)] == [64, 64]
    first, second = (pictures.nth(i).bounding_box() for i in range(2))
    assert first["y"] == second["y"], "side by side"
    assert " ".join(page.inner_text(".strongest li >> nth=0").split()) == "snow background +2.31 +2.11 to +2.51"
    page.get_by_role("button", name="see all 8").first.click()
    assert page.locator("#panel-1 .pair").nth(1).evaluate("e => e === document.activeElement")


def test_what_speaks_against_has_a_smaller_pair(open_page: Open) -> None:
    data = page_data.report()
    data["attributes"][3] |= {"claim": "matters"}
    data["order"] |= {"found": [1, 2, 3], "strip": [1, 2, 3]}
    data["overview"]["headline"] = [{"text": "One", "attribute": 1}, {"text": " and ", "attribute": None}]
    data["overview"]["headline"].append({"text": "another", "attribute": 3})
    page = open_page(data=data).page
    assert "after: no crest" in page.inner_text("#counter")
    big, small = (page.locator(f"{one} img").first.bounding_box()["width"] for one in ("#hero", "#counter"))
    assert small < 0.6 * big
    assert open_page().page.locator("#counter").is_hidden()


def test_a_pair_of_what_was_not_shown_to_matter_says_so(open_page: Open) -> None:
    data = page_data.report()
    data["attributes"][1] |= {"claim": "undecided"}
    data["order"] |= {"found": [], "strip": [1]}
    page = open_page(data=data).page
    assert "Not shown to matter." in page.inner_text("#hero")
    assert "none of them shown to matter" in page.inner_text("#strongest-title")
    assert page.locator("#strongest .bar .pale.effect").count() == 1
    assert "Not shown to matter." not in open_page().page.inner_text("#hero")


def test_without_script_the_strongest_are_told_in_figures(open_page: Open) -> None:
    page = open_page(java_script_enabled=False).page
    assert "+2.31" in page.inner_text(".strongest")
    assert page.locator("#hero").is_hidden()
    page.click(".overview a.term >> nth=0")
    assert page.locator("dt:target").inner_text() == "shown to matter"


def test_one_dot_a_picture_on_the_axis_of_the_bar(open_page: Open) -> None:
    visit = open_page(data=varied())
    strip(visit).scroll_into_view_if_needed()
    visit.page.wait_for_selector(f"{visit.row(SNOW)} .dots path.dot", state="attached")
    path = strip(visit).locator("path.dot").get_attribute("d") or ""
    xs = [float(part.split()[0]) for part in path.split("M")[1:]]
    assert len(xs) == 8, "a failed edit has no dot"
    assert xs == sorted(xs)
    bar = visit.page.locator(f"{visit.row(SNOW)} .bar")
    assert bar.bounding_box()["width"] == strip(visit).bounding_box()["width"]
    assert xs[1] == 500, "no change lies at zero"
    assert xs[-1] == pytest.approx(500 + 480 * 3.5 / 4, abs=0.1)


def test_dots_are_drawn_when_they_come_near(open_page: Open) -> None:
    data = page_data.report()
    roots = data["tree"]["roots"]
    more = [{**data["attributes"][4], "id": f"x{i}", "name": f"attribute {i}", "parent": None} for i in range(60)]
    data["attributes"] += more
    data["tree"]["roots"] = roots + [
        {"id": f"x{i}", "name": "", "attribute": 11 + i, "children": [], "unseen": []} for i in range(60)
    ]
    page = open_page(data=data).page
    last = page.locator("#row-70 .dots path")
    assert last.count() == 0
    page.locator("#row-70").scroll_into_view_if_needed()
    page.wait_for_selector("#row-70 .dots path.dot", state="attached")


def test_pointing_at_a_dot_shows_its_pair_and_a_click_goes_there(open_page: Open) -> None:
    visit = open_page(data=varied(), reduced_motion="reduce")
    strip(visit).scroll_into_view_if_needed()
    strip(visit).hover(position=at_dot(visit, 7))
    note = visit.page.locator("#note")
    assert "+3.50 logits" in note.inner_text()
    assert captions(note) == [
        "before\ncalled ‘cardinal’: 12 %",
        "after: snow background added\ncalled ‘cardinal’: 95 %",
    ]
    box = note.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    strip(visit).click(position=at_dot(visit, 7))
    assert note.is_hidden()
    assert visit.page.evaluate("document.activeElement.querySelector('.source').textContent") == "bird-3.png"
    assert visit.page.locator(visit.panel(SNOW)).is_visible()


def test_the_keyboard_walks_along_the_dots(open_page: Open) -> None:
    visit = open_page(data=varied(), reduced_motion="reduce")
    keys = visit.page.keyboard
    visit.page.focus(f"{visit.row(SNOW)} .open")
    keys.press("Tab")
    assert strip(visit).evaluate("e => e === document.activeElement")
    assert visit.page.locator("#note").is_visible()
    keys.press("Home")
    assert strip(visit).get_attribute("aria-valuenow") == "1"
    assert words(strip(visit).get_attribute("aria-valuetext")) == (
        "picture 1 of 8, bird-4.png: −0.50 logits; before, called ‘cardinal’: 12 %; after, called ‘cardinal’: 5 %"
    )
    keys.press("ArrowLeft")
    assert strip(visit).get_attribute("aria-valuenow") == "1"
    keys.press("ArrowRight")
    assert "bird-7.png" in visit.page.inner_text("#note")
    keys.press("End")
    keys.press("Enter")
    assert visit.page.evaluate("document.activeElement.querySelector('.source').textContent") == "bird-3.png"
    assert visit.page.locator("#note").is_hidden()


def test_a_pair_that_is_not_shown_yet_is_shown(open_page: Open) -> None:
    visit = open_page("#edits=failed", data=varied(), reduced_motion="reduce")
    visit.page.evaluate("visitPair(1, 7)")
    assert visit.page.evaluate("document.activeElement.querySelector('.source').textContent") == "bird-7.png"


def test_the_first_tap_shows_and_the_second_goes(open_page: Open) -> None:
    visit = open_page(data=varied(), has_touch=True, viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    strip(visit).scroll_into_view_if_needed()
    strip(visit).tap(position=at_dot(visit, 7))
    assert "bird-3.png" in visit.page.inner_text("#note")
    assert visit.page.locator(visit.panel(SNOW)).is_hidden()
    strip(visit).tap(position=at_dot(visit, 7))
    assert visit.page.locator(visit.panel(SNOW)).is_visible()


def test_an_opened_attribute_has_its_dots_as_wide_as_there_is_room(open_page: Open) -> None:
    visit = open_page("#a=background%2Fsnow", data=varied())
    wide = visit.page.locator(f"{visit.panel(SNOW)} .scatter .dots").bounding_box()["width"]
    assert wide > 1.8 * strip(visit).bounding_box()["width"]
    visit.page.select_option("[name=class]", "jay")
    assert visit.page.locator(f"{visit.panel(SNOW)} .scatter .axis").inner_text().split() == [
        *("lowers", "−2.00", "0", "+2.00", "raises")
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_at_a_glance_fills_its_row(open_page: Open, count: int) -> None:
    data = page_data.report()
    data["order"]["strip"] = [1, 2, 3, 4, 5, 6, 8][:count]
    page = open_page(data=data).page
    items = page.locator("#strip > li")
    assert items.count() == {1: 3, 2: 4}.get(count, count)
    boxes = [items.nth(i).bounding_box() for i in range(items.count())]
    row = page.locator("#strip").bounding_box()
    assert boxes[0]["x"] == pytest.approx(row["x"], abs=1)
    assert boxes[-1]["x"] + boxes[-1]["width"] == pytest.approx(row["x"] + row["width"], abs=1)
    assert len({box["y"] for box in boxes}) == 1
    assert "after: snow background added\ncalled ‘cardinal’: 75 %" in words(items.first.inner_text())
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert len({items.nth(i).bounding_box()["y"] for i in range(items.count())}) > 1, "it wraps"


def test_what_noise_can_do_is_never_as_bold(open_page: Open) -> None:
    visit = open_page()
    visit.page.get_by_role("button", name="Unfold all").click()

    def weights(candidate: str) -> list[int]:
        parts = (visit.page.locator(f"{visit.row(candidate)} {one}") for one in (".name", ".number strong"))
        return [int(part.evaluate("e => getComputedStyle(e).fontWeight")) for part in parts]

    solid, pale, hollow = weights("crest"), weights("-crest/none"), weights("background")
    assert all(one > other for one, other in zip(solid, hollow, strict=True)), "a group, too"
    assert all(one >= other for one, other in zip(pale, hollow, strict=True))
    assert visit.page.locator(f"{visit.row('background')} .bar .weak").count() == 1
    assert visit.page.locator(f"{visit.row('-crest/none')} .bar .pale").count() == 1
    assert visit.page.locator(f"{visit.row('crest')} .bar .pale, {visit.row('crest')} .bar .weak").count() == 0


def test_shapes_are_explained_beside_the_bars(open_page: Open) -> None:
    page = open_page().page
    for place in ("#strongest", ".explorer"):
        told = page.inner_text(f"{place} .shapes")
        for said in (
            "solid: shown to matter",
            "pale: not shown to matter",
            "hollow",
            "noise floor, ±0.18",
            "95 % interval",
        ):
            assert said in told
        assert page.locator(f"{place} .shapes svg").count() == page.locator(f"{place} .shapes li").count()


def test_a_word_is_a_hover_a_tab_or_a_click_away(open_page: Open) -> None:
    page = open_page().page
    note, link = page.locator("#note"), page.locator(".overview a.term:text-is('logits')")
    link.hover()
    assert note.inner_text().startswith("logit\nThe classifier’s score")
    assert link.get_attribute("aria-describedby") == "note"
    page.keyboard.press("Escape")
    assert note.is_hidden()
    page.mouse.move(0, 0)
    link.click()
    assert note.is_visible()
    assert "#word" not in page.url
    page.mouse.click(5, 5)
    assert note.is_hidden()
    page.focus(".overview h2 a.term")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    assert note.inner_text().startswith("shown to matter\n")
    page.keyboard.press("Tab")
    assert not note.is_visible() or not note.inner_text().startswith("shown to matter\n")


def test_a_tap_explains_a_word(open_page: Open) -> None:
    page = open_page(has_touch=True, viewport={"width": 390, "height": 844}).page
    link = page.locator(".overview a.term").first
    link.scroll_into_view_if_needed()
    link.tap()
    box = page.locator("#note").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_axe_with_a_note_open(open_page: Open, scheme: str, width: int, height: int) -> None:
    visit = open_page(data=varied(), color_scheme=scheme, viewport={"width": width, "height": height})
    visit.page.focus(f"{visit.row(SNOW)} .open")
    visit.page.keyboard.press("Tab")
    assert visit.page.locator("#note .preview").is_visible()
    assert violations(visit.page) == []
