"""A pair enlarged: before and after beside each other or in turns, at any scale, by keys, mouse and touch."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import page_data
import pytest
from PIL import Image
from test_browser_page import SCHEMES, WIDTHS, violations
from visits import Open, Visit

SNOW = "background/snow"
LARGE = (900, 600)


def large_pictures(base: str = "data:image/png;base64,") -> dict[str, Any]:
    """The pictures of the page, each with a larger one that was made of one of 1800 × 1200 pixels."""
    small = page_data.pictures()
    files = [_png(number) for number in range(len(small["sources"]))]
    inside = base.startswith("data:")
    sources = [base64.b64encode(file).decode("ascii") if inside else f"{i}.png" for i, file in enumerate(files)]
    sizes = {"width": LARGE[0], "height": LARGE[1], "own_width": 1800, "own_height": 1200}
    return {**small, "large": {"base": base, "sources": sources, **{key: [one] * 6 for key, one in sizes.items()}}}


def _png(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", LARGE, (40 * number, 90, 90)).save(stream, "PNG")
    return stream.getvalue()


def enlarged(open_page: Open, place: int = 0, **options: Any) -> Visit:
    visit = open_page("#a=background%2Fsnow", **{"pictures": large_pictures(), **options})
    visit.page.locator(f"{visit.panel(SNOW)} .enlarge").nth(place).click()
    return visit


def sizes(visit: Visit) -> list[list[int]]:
    found: list[list[int]] = visit.page.evaluate(
        "[...document.querySelectorAll('.viewer img')].map((one) => [one.width, one.height])"
    )
    return found


def test_a_pair_is_shown_large_with_scores_and_files(open_page: Open) -> None:
    visit = enlarged(open_page)
    dialog = visit.page.get_by_role("dialog", name="snow background")
    images = dialog.locator("img")
    assert images.nth(0).evaluate("e => e.decode().then(() => [e.naturalWidth, e.naturalHeight])") == list(LARGE)
    assert (
        images.nth(1).get_attribute("alt")
        == "After: snow background added; probability of ‘cardinal’: 75\N{NO-BREAK SPACE}%"
    )
    captions = dialog.locator("figcaption").all_inner_texts()
    assert captions == [
        "Before · called ‘jay’ · probability of ‘cardinal’ 12\N{NO-BREAK SPACE}%",
        "After: snow background added · called ‘cardinal’ · probability of ‘cardinal’ 75\N{NO-BREAK SPACE}%",
    ]
    rows = [text.split("\t") for text in dialog.locator(".scores tbody tr").all_inner_texts()]
    assert rows == [
        ["before", "jay", "12\N{NO-BREAK SPACE}%", "−1.99"],
        ["before, reconstructed", "jay", "13\N{NO-BREAK SPACE}%", "−1.90"],
        ["after", "cardinal", "75\N{NO-BREAK SPACE}%", "+0.41"],
    ]
    told = dialog.locator(".record-of").inner_text()
    for words in (
        "+2.31 logits, against the reconstruction",
        "flips from jay to cardinal",
        "50 % of the pixels changed visibly",
        page_data.HOSTILE_FILE,
        f"images/{page_data.HOSTILE}.png",
        f"edits/files/{page_data.HOSTILE}.png",
        "900 × 600 pixels of 1800 × 1200; diffex report --max-pixels 1800 stores all of them",
    ):
        assert words in told
    assert visit.page.locator("img[src=x]").count() == 0


def test_keys_walk_through_the_pairs_and_escape_leads_back(open_page: Open) -> None:
    visit = enlarged(open_page, 1)
    page, keys = visit.page, visit.page.keyboard
    count = page.locator(".viewer [role=status]")
    assert count.inner_text() == "2 of 8", "the ninth failed and has no picture"
    keys.press("ArrowLeft")
    assert count.inner_text() == "1 of 8"
    keys.press("ArrowLeft")
    assert count.inner_text() == "1 of 8"
    for _ in range(8):
        keys.press("ArrowRight")
    assert count.inner_text() == "8 of 8"
    assert "changed nothing: nothing changed" in page.inner_text(".record-of")
    assert page.locator("[data-act=next]").get_attribute("aria-disabled") == "true"
    page.click("[data-act=next]", force=True)
    page.click(".record-of")
    keys.press("ArrowLeft")
    assert count.inner_text() == "7 of 8", "the keys work wherever one clicked"
    keys.press("Escape")
    assert page.locator(".viewer").is_hidden()
    assert page.locator(visit.panel(SNOW)).is_visible(), "Escape closes the dialog alone"
    assert page.evaluate("document.activeElement.className") == "enlarge"
    page.keyboard.press("Enter")
    assert count.inner_text() == "2 of 8"


def test_the_walk_follows_the_gallery_s_choice(open_page: Open) -> None:
    visit = open_page("#a=background%2Fsnow&edits=flipped")
    visit.page.locator(f"{visit.panel(SNOW)} .beside img").last.click()
    assert visit.page.locator(".viewer [role=status]").inner_text() == "6 of 7"


def test_blinking_shows_both_at_the_same_place(open_page: Open) -> None:
    visit = enlarged(open_page)
    page = visit.page
    before, after = page.locator(".viewer img").nth(0), page.locator(".viewer img").nth(1)
    assert before.is_visible()
    assert after.is_visible()
    page.keyboard.press("b")
    boxes = []
    for shown, other in ((before, after), (after, before), (before, after)):
        assert shown.is_visible()
        assert not other.is_visible()
        boxes.append(shown.bounding_box())
        page.keyboard.press("b")
    assert boxes[0] == boxes[1] == boxes[2]
    assert page.get_by_role("button", name="Blink: after").get_attribute("aria-pressed") == "true"
    page.locator(".viewer .pane:visible").click()
    assert before.is_visible(), "pressing the picture turns it"
    page.locator(".viewer .pane").first.focus()
    page.keyboard.press("Space")
    assert after.is_visible()
    page.keyboard.press("s")
    assert before.is_visible()
    assert after.is_visible()


def test_one_to_one_scrolls_both_together(open_page: Open) -> None:
    visit = enlarged(open_page)
    page = visit.page
    fitted = sizes(visit)
    assert fitted[0] == fitted[1]
    assert fitted[0][0] < LARGE[0]
    page.keyboard.press("1")
    assert sizes(visit) == [list(LARGE)] * 2
    assert page.locator(".viewer output").inner_text() == "100 %"
    panes = page.locator(".viewer .pane")
    box = panes.nth(0).bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 170, steps=4)
    page.mouse.up()
    page.wait_for_function("document.querySelectorAll('.viewer .pane')[1].scrollLeft === 100")
    assert panes.nth(1).evaluate("e => e.scrollTop") == 30
    page.keyboard.press("+")
    assert page.locator(".viewer output").inner_text() == "200 %"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert sizes(visit) == fitted


def test_a_small_picture_is_enlarged_but_not_without_end(open_page: Open) -> None:
    visit = enlarged(open_page, pictures=page_data.pictures(), viewport={"width": 1600, "height": 1400})
    assert sizes(visit) == [[8 * 64, 8 * 48]] * 2
    assert "64 × 48 pixels, as in its file" in visit.page.inner_text(".record-of")


def test_without_the_folder_of_the_large_ones_the_small_ones_are_shown(open_page: Open, tmp_path: Path) -> None:
    visit = enlarged(open_page, pictures=large_pictures("assets/"))
    image = visit.page.locator(".viewer img").first
    visit.page.wait_for_function("document.querySelector('.viewer img').src.startsWith('data:')")
    assert image.evaluate("e => e.decode().then(() => e.naturalWidth)") == 64
    assert all("ERR_FILE_NOT_FOUND" in one for one in visit.complaints)
    visit.complaints.clear()
    visit.requests = visit.requests[:1]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_serious_complaint_about_the_dialog(open_page: Open, scheme: str, width: int) -> None:
    visit = enlarged(open_page, color_scheme=scheme, viewport={"width": width, "height": 844})
    assert violations(visit.page) == []
    visit.page.keyboard.press("b")
    visit.page.keyboard.press("1")
    assert violations(visit.page) == []
    dialog = visit.page.locator(".viewer")
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_by_touch(open_page: Open) -> None:
    visit = open_page(
        "#a=background%2Fsnow", pictures=large_pictures(), has_touch=True, viewport={"width": 390, "height": 844}
    )
    visit.page.locator(f"{visit.panel(SNOW)} .enlarge").first.tap()
    visit.page.locator("[data-act=blink]").tap()
    assert visit.page.locator(".viewer figcaption:visible").inner_text().startswith("Before")
    visit.page.locator(".viewer .pane:visible").tap()
    assert visit.page.locator(".viewer figcaption:visible").inner_text().startswith("After")
    visit.page.locator("[data-act=next]").tap()
    assert visit.page.locator(".viewer [role=status]").inner_text() == "2 of 8"
    visit.page.locator("[data-act=close]").tap()
    assert visit.page.locator(".viewer").is_hidden()
