"""Rows, filters, orders, links and keys of the report's page, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

import page_data
import pytest
from visits import Open, words

SNOW = "background/snow"


def effects(names: list[str]) -> list[float]:
    rows = {row["name"]: row["effect"] for row in page_data.report()["attributes"]}
    return [rows[name] for name in names]


def test_the_tree_opens_where_something_was_found_and_folds_what_noise_explains(open_page: Open) -> None:
    visit = open_page()
    assert visit.shown() == ["background", "snow background", "crest", "no crest", page_data.HOSTILE, "hat"]
    assert visit.page.locator("#tree .reveal").all_inner_texts() == [
        "1 attribute below the noise floor: water background",
        "2 attributes below the noise floor: tail, beak",
    ]
    visit.page.get_by_role("button", name="2 attributes below").click()
    assert visit.shown()[-2:] == ["tail", "beak"]
    visit.page.get_by_role("button", name="Finer attributes of background").click()
    assert "snow background" not in visit.shown()
    assert "Not scored: wings" in visit.page.inner_text("#tree")


def test_a_row_says_in_words_what_its_bar_draws(open_page: Open) -> None:
    visit = open_page()
    text = " ".join(visit.page.inner_text(visit.row(SNOW)).split())
    assert text == "snow background +2.31 +2.11 to +2.51 +2.08, +1.81 to +2.61 held out 8 ✓ matters p 0.02 confirmed"
    bar = visit.page.locator(f"{visit.row(SNOW)} .bar")
    assert bar.locator(".noise, .raises, circle").count() == 3
    assert bar.locator(".part, .total").count() == 0
    width = float((bar.locator(".raises").get_attribute("width") or "").rstrip("%"))
    assert width == pytest.approx(48 * 2.31 / 4)
    assert visit.page.locator(f"{visit.row('-crest/none')} .bar .lowers").count() == 1
    assert visit.page.locator(f"{visit.row('background')} .bar .weak").count() == 1
    assert visit.page.locator(f"{visit.row('hat')} .tag.placebo").inner_text() == "placebo"


ORDERS: dict[str, Callable[[float], float]] = {
    "influence": lambda effect: -abs(effect),
    "raises": lambda effect: -effect,
    "lowers": lambda effect: effect,
}


@pytest.mark.parametrize("order", ORDERS)
def test_sorting(open_page: Open, order: str) -> None:
    visit = open_page()
    visit.page.select_option("[name=sort]", order)
    found = effects(visit.shown())
    assert len(found) == 9
    assert found == sorted(found, key=ORDERS[order])
    assert visit.page.inner_text(f"{visit.row(SNOW)} .path") == "background"
    visit.page.select_option("[name=sort]", "tree")
    assert visit.shown()[0] == "background"


def test_filters_and_what_they_leave(open_page: Open) -> None:
    visit = open_page()
    said = visit.page.locator("#shown")
    assert said.inner_text() == "9 of 9 attributes and 2 of 2 sets shown"
    visit.page.fill("[name=effect]", "0.5")
    assert visit.shown() == ["background", "snow background", "crest", "no crest"]
    assert said.inner_text() == "3 of 9 attributes and 2 of 2 sets shown"
    visit.page.fill("[name=n]", "9")
    assert visit.shown() == ["crest", "no crest"]
    visit.page.get_by_role("button", name="Reset").click()
    visit.page.select_option("[name=show]", "claimed")
    assert visit.shown() == ["background", "snow background", "crest"]
    visit.page.select_option("[name=show]", "undecided")
    assert visit.shown() == ["crest", "no crest", page_data.HOSTILE]
    visit.page.select_option("[name=show]", "small")
    assert visit.shown() == ["background", "water background", "tail", "beak"]
    visit.page.get_by_role("button", name="Reset").click()
    visit.page.select_option("[name=edits]", "flipped")
    assert visit.shown() == ["background", "snow background"]
    visit.toggle(SNOW)
    assert "6 of 7 edits (flipped)" in visit.page.inner_text(visit.panel(SNOW))
    visit.page.select_option("[name=edits]", "failed")
    assert "out of memory" in visit.page.inner_text(visit.panel(SNOW))


def test_finding_by_words_of_the_name(open_page: Open) -> None:
    visit = open_page()
    visit.page.fill("[name=find]", "BACK snow")
    assert visit.shown() == ["background", "snow background"]
    visit.page.fill("[name=find]", "onerror")
    assert visit.shown() == [page_data.HOSTILE]
    visit.page.fill("[name=find]", "nothing like it")
    assert visit.page.inner_text("#shown") == "0 of 9 attributes and 0 of 2 sets shown"


def test_the_address_keeps_what_was_chosen(open_page: Open) -> None:
    visit = open_page()
    visit.toggle("-crest/none")
    visit.page.fill("[name=effect]", "0.5")
    visit.page.click(f"{visit.panel('-crest/none')} label:has-text('slider')")
    fragment = visit.page.evaluate("location.hash")
    assert unquote(fragment) == "#a=-crest/none&effect=0.5&compare=slider"
    again = open_page(fragment)
    assert again.page.locator(f"{again.panel('-crest/none')} .slider input").count() == 6
    assert again.page.input_value("[name=effect]") == "0.5"
    again.page.evaluate("location.hash = '#a=hat'")
    again.page.wait_for_selector(again.panel("hat"), state="visible")
    assert again.page.input_value("[name=effect]") == ""
    assert again.page.locator(again.panel("-crest/none")).is_hidden()


@pytest.mark.parametrize("fragment", ["#a=unknown", "#sort=__proto__&compare=toString&class=none", "#%E0%A4%A", "#a3"])
def test_an_address_that_makes_no_sense_is_the_page_itself(open_page: Open, fragment: str) -> None:
    assert len(open_page(fragment).shown()) >= 6


def test_a_name_in_the_overview_leads_to_its_pictures(open_page: Open) -> None:
    visit = open_page("#effect=3")
    visit.page.click(".unproven a:has-text('tail')")
    assert visit.page.locator(visit.panel("tail")).is_visible()
    assert visit.page.evaluate("document.activeElement.closest('.row').id") == visit.row("tail").lstrip("#")
    visit.page.click("#strip a:has-text('snow background')")
    assert visit.page.locator(visit.panel(SNOW)).is_visible()


def test_the_keyboards_walk(open_page: Open) -> None:
    visit = open_page()
    keys = visit.page.keyboard

    def here() -> str:
        return str(visit.page.evaluate("document.activeElement.closest('.row')?.querySelector('.name').textContent"))

    visit.page.focus(f"{visit.row('background')} .open")
    keys.press("ArrowDown")
    assert here() == "snow background"
    keys.press("Enter")
    assert visit.page.locator(visit.panel(SNOW)).is_visible()
    keys.press("Tab")
    keys.press("Escape")
    assert visit.page.locator(visit.panel(SNOW)).is_hidden()
    assert here() == "snow background"
    keys.press("ArrowLeft")
    assert here() == "background"
    keys.press("ArrowLeft")
    assert "snow background" not in visit.shown()
    keys.press("ArrowRight")
    assert "snow background" in visit.shown()
    keys.press("End")
    assert here() == "snow background + crest"
    keys.press("Home")
    assert here() == "background"


def test_all_can_be_unfolded_and_folded(open_page: Open) -> None:
    visit = open_page()
    visit.page.get_by_role("button", name="Unfold all").click()
    assert len(visit.shown()) == 9
    visit.toggle(SNOW)
    visit.page.get_by_role("button", name="Fold all", exact=True).click()
    assert visit.shown() == ["background", "crest", page_data.HOSTILE, "hat"]
    assert visit.page.locator(visit.panel(SNOW)).is_hidden()


def test_another_class_is_the_same_edits_in_other_numbers(open_page: Open) -> None:
    visit = open_page()
    visit.toggle(SNOW)
    visit.page.select_option("[name=class]", "jay")
    assert visit.page.inner_text(f"{visit.row(SNOW)} .number strong") == "−1.16"
    assert visit.page.locator(f"{visit.row(SNOW)} .lowers").count() > 0
    assert visit.page.locator(f"{visit.row(SNOW)} .noise").count() == 0
    assert "matters" not in visit.page.inner_text(visit.row(SNOW))
    assert visit.page.inner_text("#view-note") == "Seen for another class."
    panel = words(visit.page.inner_text(visit.panel(SNOW)))
    assert "called ‘jay’: 88 %" in panel
    assert "called ‘jay’: 25 %" in panel
    assert "Corrected p" not in panel
    assert open_page("#class=jay").page.input_value("[name=class]") == "jay"


def test_sets_beside_their_sum(open_page: Open) -> None:
    visit = open_page()
    best = "background/snow + crest"
    assert "one by one +3.21; the interval includes zero" in visit.page.inner_text(visit.row(best))
    assert visit.page.inner_text(f"{visit.row(best)} .tag.best") == "best set"
    assert visit.page.inner_text("#sets .reveal") == "1 set not shown to matter"
    assert visit.page.locator(f"{visit.row(best)} .bar").locator(".effect, .part, .total, circle").count() == 5
    weak = "background/snow + evil"
    assert visit.page.locator(visit.row(weak)).is_hidden()
    visit.page.click("#sets .reveal")
    assert visit.page.locator(f"{visit.row(weak)} .bar .part").count() == 2
    visit.toggle(best)
    first = visit.page.locator(f"{visit.panel(best)} .pair").first
    assert first.locator(".told b").all_inner_texts() == [
        "before",
        "after: snow background",
        "after: crest",
        "after: together",
    ]


def test_tables_sort_by_any_heading(open_page: Open) -> None:
    visit = open_page()
    visit.page.click("section[aria-labelledby=ranking-title] summary")
    table = visit.page.locator("[aria-labelledby=ranking-title] table")
    head = table.get_by_role("button", name="effect", exact=True)
    column = table.locator("tbody td:nth-child(3)")
    head.click()
    values = [float(column.nth(i).get_attribute("data-value") or "nan") for i in range(column.count())]
    assert values == sorted(values)
    assert table.locator("th[aria-sort=ascending]").inner_text().startswith("effect")
    head.click()
    assert column.first.inner_text() == "+3.30"
    table.get_by_role("button", name="attribute").click()
    assert table.locator("tbody th").first.inner_text().startswith(page_data.HOSTILE)


def test_what_is_shown_can_be_saved(open_page: Open) -> None:
    visit = open_page("#show=claimed&sort=name")
    with visit.page.expect_download() as csv:
        visit.page.get_by_role("button", name="CSV").click()
    lines = csv.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith('"candidate","name","target","effect"')
    assert [line.split(",")[1] for line in lines[1:]] == ['"crest"', '"snow background"', '"snow background + crest"']
    visit.page.select_option("[name=show]", "all")
    with visit.page.expect_download() as csv:
        visit.page.get_by_role("button", name="CSV").click()
    assert '\n"\'-crest/none",' in csv.value.path().read_text(encoding="utf-8"), "a spreadsheet would compute it"
    with visit.page.expect_download() as json:
        visit.page.get_by_role("button", name="JSON").click()
    assert page_data.HOSTILE in json.value.path().read_text(encoding="utf-8")
