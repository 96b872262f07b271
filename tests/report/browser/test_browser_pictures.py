"""The gallery: beside each other, slider, flicker, difference, heat maps."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import page_data
import pytest
from PIL import Image
from visits import Open, Visit, captions, words

SNOW = "background/snow"


def compare(visit: Visit, way: str) -> Any:
    visit.page.click(f"{visit.panel(SNOW)} label:has-text('{way}')")
    return visit.page.locator(f"{visit.panel(SNOW)} .pair").first


def opened(open_page: Open, fragment: str = "", **options: Any) -> Visit:
    return open_page(f"#a=background%2Fsnow{fragment}", **options)


def test_pairs_beside_each_other_with_their_scores(open_page: Open) -> None:
    visit = opened(open_page)
    pairs = visit.page.locator(f"{visit.panel(SNOW)} .pair")
    assert pairs.count() == 6
    first = pairs.first
    assert captions(first) == ["before\ncalled ‘cardinal’: 12 %", "after\ncalled ‘cardinal’: 75 %"]
    assert first.locator(".shot").first.inner_text() == "", "no words lie on a picture"
    assert [words(first.locator("img").nth(i).get_attribute("alt")) for i in range(2)] == [
        "Before; probability of ‘cardinal’: 12 %",
        "After: snow background added; probability of ‘cardinal’: 75 %",
    ]
    borders = [first.locator(".shot").nth(i).evaluate("e => getComputedStyle(e).borderTopColor") for i in range(2)]
    assert borders[0] == borders[1], "a frame is no verdict"
    assert "from its reconstruction: 13 %" in words(first.inner_text()), "the change is not of the two figures above"
    assert "prediction flips: jay → cardinal" in first.inner_text()
    assert page_data.HOSTILE_FILE in first.inner_text()
    assert first.locator("img").first.evaluate("e => e.decode().then(() => e.naturalWidth)") == 64
    visit.page.get_by_role("button", name="Show 3 more").click()
    assert pairs.count() == 9
    assert "nothing changed" in pairs.nth(7).inner_text()
    assert "failed out of memory" in pairs.nth(8).inner_text()
    assert "no picture" in pairs.nth(8).inner_text()


def test_the_slider_follows_keys_and_pointer(open_page: Open) -> None:
    visit = opened(open_page)
    pair = compare(visit, "slider")
    assert visit.page.evaluate("document.activeElement.value") == "slider", "the choice keeps the focus"
    edited = pair.locator(".slider .after, .flicker .after").first

    def cut() -> float:
        inset = edited.evaluate("e => getComputedStyle(e).clipPath")
        return float(inset.removeprefix("inset(").removesuffix(")").split()[-1].rstrip("%"))

    assert cut() == 50
    pair.locator("input").focus()
    visit.page.keyboard.press("ArrowRight")
    assert cut() == 51
    assert pair.locator("input").get_attribute("aria-valuetext") == "51 % before"
    visit.page.keyboard.press("Home")
    assert cut() == 0
    pair.scroll_into_view_if_needed()
    box = pair.locator(".slider").bounding_box()
    visit.page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + 0.3 * box["height"])
    assert cut() == pytest.approx(80, abs=4)


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_flicker_respects_reduced_motion(open_page: Open, motion: str) -> None:
    visit = opened(open_page, reduced_motion=motion)
    pair = compare(visit, "flicker")
    edited, turn = pair.locator(".slider .after, .flicker .after").first, pair.locator(".turn")

    def moves() -> bool:
        return edited.evaluate("e => getComputedStyle(e).animationName") == "turns"

    assert moves() == (motion == "no-preference")
    if moves():
        period = edited.evaluate("e => parseFloat(getComputedStyle(e).animationDuration)")
        assert period >= 1, "three flashes a second and more are dangerous"
        visit.page.get_by_role("button", name="Pause").click()
    assert not moves()
    assert not edited.is_visible()
    turn.click()
    assert edited.is_visible()
    assert turn.get_attribute("aria-pressed") == "true"
    assert captions(edited) == ["after\ncalled ‘cardinal’: 75 %"]
    turn.click()
    assert not edited.is_visible()
    visit.page.get_by_role("button", name="Play").click()
    assert moves()


def test_the_difference_is_black_where_nothing_changed(open_page: Open) -> None:
    visit = opened(open_page)
    frame = compare(visit, "difference").locator(".difference")
    frame.scroll_into_view_if_needed()
    frame.evaluate("e => Promise.all([...e.querySelectorAll('img')].map((one) => one.decode()))")
    with Image.open(io.BytesIO(frame.screenshot())) as seen:
        width, height = seen.size
        left, right = (seen.convert("L").getpixel((int(width * x), height // 2)) for x in (0.25, 0.75))
    assert left == pytest.approx(1.2 * 40 - 0.04 * 255, abs=3)
    assert right == 0
    assert frame.get_attribute("aria-label") == (
        "Difference between the picture before and after; 50 % of the pixels changed visibly"
    )


def test_against_the_reconstruction_instead(open_page: Open) -> None:
    visit = opened(open_page)
    visit.page.get_by_label("unedited reconstruction").check()
    pair = visit.page.locator(f"{visit.panel(SNOW)} .pair").first
    assert (
        words(pair.locator("img").first.get_attribute("alt"))
        == "Before, reconstructed; probability of ‘cardinal’: 13 %"
    )
    assert pair.locator("img").first.get_attribute("src") == visit.page.evaluate("stored.base + stored.sources[1]")
    assert "against=reconstruction" in visit.page.url


def test_heat_maps_only_where_there_are_some(open_page: Open) -> None:
    visit = opened(open_page)
    pair = compare(visit, "heat maps")
    assert "with the heat map of ‘cardinal’" in pair.locator("img").first.get_attribute("alt")
    assert pair.locator("img").last.get_attribute("src") == visit.page.evaluate("stored.base + stored.sources[5]")
    fifth = visit.page.locator(f"{visit.panel(SNOW)} .pair").nth(4)
    assert "no heat map was made of this pair" in fifth.inner_text()
    assert fifth.locator("img").last.get_attribute("src") == visit.page.evaluate("stored.base + stored.sources[3]")
    without = opened(open_page, "&compare=heat", data=page_data.report(heat=None))
    assert without.page.locator("label:has-text('heat maps')").count() == 0
    assert without.page.locator(".beside").count() == 6


def test_pictures_in_a_folder_beside_the_page(open_page: Open, tmp_path: Path) -> None:
    import base64

    inside = page_data.pictures()
    (tmp_path / "assets").mkdir()
    for i, source in enumerate(inside["sources"]):
        (tmp_path / "assets" / f"{i}.png").write_bytes(base64.b64decode(source))
    beside = {**inside, "base": "assets/", "sources": [f"{i}.png" for i in range(len(inside["sources"]))]}
    visit = opened(open_page, "&compare=difference", pictures=beside)
    image = visit.page.locator(f"{visit.panel(SNOW)} .difference img").first
    image.scroll_into_view_if_needed()
    assert image.evaluate("e => e.decode().then(() => e.naturalWidth)") == 64
    assert all(address.startswith("file:") for address in visit.requests)
    visit.requests = [address for address in visit.requests if "/assets/" not in address]


def test_what_has_no_picture_is_said_so(open_page: Open) -> None:
    visit = opened(open_page, "&compare=slider", pictures={"base": "", "sources": [], "width": [], "height": []})
    assert visit.page.locator(f"{visit.panel(SNOW)} .absent").count() > 6
    assert visit.page.locator("#strip").is_hidden()
    assert visit.page.locator(f"{visit.panel(SNOW)} .slider").count() == 0


def test_an_edit_that_changed_the_class_itself_is_marked(open_page: Open) -> None:
    data = page_data.report(own_class="cardinal")
    data["attributes"][1]["pairs"]["class_lost"][0] = True
    visit = open_page(data=data)
    visit.toggle(data["attributes"][1]["id"])
    texts = visit.page.locator("#panel-1 .pair figcaption").all_inner_texts()
    assert ["no longer ‘cardinal’ to the verifier" in text for text in texts] == [True, *[False] * (len(texts) - 1)]
    data["own_class"] = None
    data["images"][data["attributes"][1]["pairs"]["image"][0]]["label"] = None
    visit = open_page(data=data)
    visit.toggle(data["attributes"][1]["id"])
    assert (
        "no longer its own class to the verifier" in visit.page.locator("#panel-1 .pair figcaption").first.inner_text()
    )
