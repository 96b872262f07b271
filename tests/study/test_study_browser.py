"""The pages in a real browser, from the first screen to the saved file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from study_samples import HOSTILE, identify, joint, of_turn, page_of, quality, written

from diffex_cli.study.answers import check_answers, read_answers
from diffex_cli.study.order import options_of, order_of
from diffex_cli.study.page import render
from diffex_cli.study.study import Study

AXE = Path(__file__).parents[1] / "report" / "browser" / "axe-core" / "axe.min.js"

Open = Callable[..., Any]


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    """One person's browser, with its memory."""
    made = browser.new_context(viewport={"width": 390, "height": 800})
    made.set_default_timeout(10_000)
    yield made
    made.close()


@pytest.fixture
def opened(context: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a study's page; whatever it says on the console, or asks of the network, fails the test."""
    faults: list[str] = []

    def open_page(study: Study, participant: str = "", words: str = "") -> Any:
        file = tmp_path / f"{study.kind}.html"
        file.write_text(render(page_of(study, words)))
        page = context.new_page()
        page.on("console", lambda message: faults.append(message.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        page.on("request", lambda request: _local(request.url) or faults.append(request.url))
        page.goto(file.as_uri() + (f"?participant={participant}" if participant else ""))
        return page

    yield open_page
    assert faults == []


def _local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


def answer(page: Any, value: str | None = None) -> dict[str, Any]:
    """Answer the item that is shown, all with one value or with the first option, and go on."""
    shown = {
        "words": page.locator("#words").inner_text(),
        "pictures": page.locator("#pictures img").count(),
        "options": page.locator("#queries label span").all_inner_texts(),
    }
    for field in page.locator("#queries fieldset").all():
        field.locator("input" if value is None else f"input[value='{value}']").first.check()
    page.click("#next")
    return shown


def saved(page: Any, tmp_path: Path, button: str = "#save") -> dict[str, Any]:
    with page.expect_download() as download:
        page.click(button)
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    content: dict[str, Any] = json.loads(file.read_text())
    return content


@pytest.mark.parametrize("study", [quality(4), identify(), joint()], ids=lambda study: study.kind)
def test_from_the_first_item_to_a_file_that_can_be_analysed(study: Study, opened: Open, tmp_path: Path) -> None:
    page = opened(study, "ann")
    page.click("#begin")
    shown = []
    while page.locator("#item").is_visible():
        shown.append(answer(page))
    assert page.locator("#thanks").is_visible()
    content = saved(page, tmp_path)
    assert (content["participant"], content["complete"]) == ("ann", True)
    given = check_answers(read_answers(written(tmp_path, content, "saved.json")), study)
    assert given.rater == "person"
    # page and Python agree on who sees what, in which order
    items = {item.id: item for item in page_of(study).items}
    turn = {items[id].turn for id in content["order"]}
    assert len(turn) == 1
    expected = order_of(study.id, "ann", [id for id in items if items[id].turn in turn])
    assert content["order"] == list(expected)
    for id, seen in zip(expected, shown, strict=True):
        assert seen["pictures"] == len(items[id].pictures)
        assert bool(items[id].words) == bool(seen["words"])
        if items[id].options:
            assert seen["options"] == list(options_of(study.id, "ann", id, items[id].options))
            assert content["answers"][id]["choice"] == seen["options"][0]
        else:
            assert set(content["answers"][id].values()) - {content["answers"][id]["seconds"]} == {1}


def test_participants_see_different_orders_and_turns(opened: Open, tmp_path: Path) -> None:
    study, orders = identify(), []
    for turn in range(3):
        page = opened(study, of_turn(study, turn))
        page.click("#begin")
        orders.append(saved(page, tmp_path, "#early")["order"])
    assert [{item.id for item in study.of_turn(turn)} for turn in range(3)] == [set(order) for order in orders]
    names = [[id[:3] for id in order] for order in orders]
    assert len({tuple(some) for some in names}) == 3


def test_a_closed_page_goes_on_where_it_was(opened: Open, context: Any, tmp_path: Path) -> None:
    study = quality(4)
    first = opened(study)
    code = first.input_value("#code")
    assert len(code) == 10
    first.click("#begin")
    answer(first, "5")
    answer(first, "2")
    first.close()
    page = opened(study)
    assert page.input_value("#code") == code
    assert page.locator("#known").inner_text() == "This browser has 2 of 4 answers under this code."
    page.get_by_role("button", name="Go on").click()
    assert page.locator("#progress").inner_text() == "3 of 4"
    content = saved(page, tmp_path, "#early")
    assert content["complete"] is False
    assert [one["quality"] for one in content["answers"].values()] == [5, 2]
    assert check_answers(read_answers(written(tmp_path, content, "some.json")), study).participant == code


def test_two_people_at_one_browser_do_not_mix(opened: Open, tmp_path: Path) -> None:
    study = quality(2)
    first = opened(study, "ann")
    first.click("#begin")
    answer(first, "5")
    second = opened(study, "bob")
    assert second.locator("#known").inner_text() == ""
    second.click("#begin")
    answer(second, "1")
    assert [one["quality"] for one in saved(second, tmp_path, "#early")["answers"].values()] == [1]
    assert [one["quality"] for one in saved(first, tmp_path, "#early")["answers"].values()] == [5]


def test_an_answer_can_be_changed_and_none_can_be_skipped(opened: Open, tmp_path: Path) -> None:
    page = opened(quality(2), "ann")
    page.click("#begin")
    page.click("#next")
    assert page.locator("#progress").inner_text() == "1 of 2"
    answer(page, "5")
    page.click("#back")
    assert page.locator("#queries input:checked").count() == 2
    answer(page, "3")
    answer(page, "4")
    content = saved(page, tmp_path)
    assert [one["quality"] for one in content["answers"].values()] == [3, 4]


def test_by_keyboard_alone(opened: Open, tmp_path: Path) -> None:
    page = opened(joint((1,)), "ann")
    page.focus("#code")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Enlarge the picture: before"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "thanks"
    assert saved(page, tmp_path)["answers"]["j1"]["disentanglement"] == 2


def test_hostile_names_are_shown_as_text(opened: Open) -> None:
    page = opened(quality(1), "ann", HOSTILE)
    page.click("#begin")
    assert page.locator("#words strong").inner_text() == HOSTILE
    assert page.title() == "Pictures before and after an edit"
    assert page.locator("main img").count() == 2


def test_a_memory_that_somebody_broke_is_passed_over(opened: Open) -> None:
    study = quality(2)
    page = opened(study, "ann")
    page.evaluate(f"localStorage.setItem('diffex-study:{study.id}:ann', '{{\"answers\": 3}}')")
    page.reload()
    page.click("#begin")
    assert page.locator("#progress").inner_text() == "1 of 2"


def test_pictures_are_drawn_and_told(opened: Open) -> None:
    page = opened(identify(), "ann")
    page.click("#begin")
    while page.locator("#pictures img").count() < 3:
        answer(page)
    sizes = page.evaluate("Promise.all([...document.images].map(async i => (await i.decode(), i.naturalWidth)))")
    assert sizes == [24, 24, 24]
    titles = page.locator("#pictures figcaption").all_inner_texts()
    assert titles == ["Before", "After", "Hint: bright is what mattered"]
    alts = [image.get_attribute("alt") for image in page.locator("#pictures img").all()]
    assert alts == ["The picture: before", "The picture: after", "The picture: hint: bright is what mattered"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_pictures_are_enlarged_in_turns_at_the_same_place(opened: Open) -> None:
    page = opened(quality(1), "ann")
    page.click("#begin")
    page.get_by_role("button", name="Enlarge the picture: after").click()
    before, after = page.locator("#pane img").nth(0), page.locator("#pane img").nth(1)
    boxes = []
    for shown, other in ((after, before), (before, after), (after, before)):
        assert shown.is_visible()
        assert not other.is_visible()
        boxes.append(shown.bounding_box())
        page.keyboard.press("ArrowRight")
    assert boxes[0] == boxes[1] == boxes[2]
    assert boxes[0]["width"] > 300
    page.click("#pane")
    assert after.is_visible()
    page.get_by_role("button", name="Before", exact=True).click()
    assert before.is_visible()
    page.click(".hint")
    page.keyboard.press("1")
    assert before.bounding_box()["width"] == 24
    page.keyboard.press("Escape")
    assert page.locator("#large").is_hidden()
    assert page.locator("#progress").inner_text() == "1 of 1", "looking is no answer"
    assert page.evaluate("document.activeElement.className") == "enlarge"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_no_serious_complaint(opened: Open, scheme: str, width: int) -> None:
    page = opened(identify(), "ann")
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)

    def complaints() -> list[str]:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]

    assert complaints() == []
    page.click("#begin")
    while page.locator("#pictures img").count() < 3:
        answer(page)
    assert complaints() == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".enlarge").first.click()
    assert complaints() == []
    page.keyboard.press("Escape")
    while page.locator("#item").is_visible():
        answer(page)
    assert complaints() == []
