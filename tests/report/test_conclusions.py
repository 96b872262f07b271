"""The sentences about a search, for results that are tedious to come by."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.settings import Settings
from diffex_cli.report.conclusions import conclusions, signed
from diffex_cli.search.search import SearchSummary
from diffex_cli.search.statistics.floor import Floor
from diffex_cli.search.statistics.verdict import Significance

NAN = math.nan
PLACEBOS = Floor(0.3, "placebos", 2, 24)
SNOW = RankingRow(
    rank=1,
    candidate="snow",
    name="snow",
    target="cardinal",
    effect=2.5,
    influence=2.5,
    low=2.0,
    high=3.0,
    n=24,
    depth=0,
    group=False,
    placebo=False,
    status="kept",
    reason="influence 2.5",
    effect_original=2.5,
    p_corrected=0.01,
    below_floor=False,
    passed=True,
)
PAIR = dataclasses.replace(
    SNOW,
    candidate="snow + crest",
    name="snow + crest",
    effect=-1.25,
    passed=False,
    p_corrected=0.2,
    joint_sum=-1.0,
    interaction=-0.25,
    interaction_low=-0.5,
    interaction_high=0.0,
)


def told(*rows: RankingRow, floor: Floor = PLACEBOS, detectable: float = 0.4, **changes: Any) -> str:
    settings = Settings(run=Path("run"), delta=0.1, scale=changes.pop("scale", "logit"))
    values: dict[str, Any] = {
        "target": "cardinal",
        "ranking": rows,
        "best": None,
        "best_joint": next((row.candidate for row in rows if " + " in row.candidate), None),
        "passed": tuple(row.candidate for row in rows if row.passed),
        "verdict": Significance(floor, detectable, 17, {}, {}),
        "levels": 1,
        "images": 24,
        "held_out": 0,
        "failure": None,
        "up_to_date": False,
        "warnings": (),
        **changes,
    }
    missing = {field.name: 0 for field in dataclasses.fields(SearchSummary) if field.name not in values}
    return "\n".join(conclusions(SearchSummary(**{**missing, **values}), settings))


def test_what_passed_is_told_with_its_standard() -> None:
    assert told(SNOW) == (
        "Strongest: 'snow' raises the logit of 'cardinal' by 2.50 on average over 24 images. Passed: 1 of 1 (kept, "
        "above the noise floor, p ≤ 0.05 when corrected for all 17 comparisons). Noise floor: attributes that no image "
        "can have reach 0.30."
    )


@pytest.mark.parametrize(
    ("detectable", "sentence"),
    [
        (0.4, " An effect below 0.40 could have been missed."),
        (math.inf, " With so few images no effect, however large, could have passed."),
        (NAN, ""),
    ],
)
def test_nothing_passed_says_what_could_have_been_missed(detectable: float, sentence: str) -> None:
    chance = dataclasses.replace(SNOW, passed=False, p_corrected=0.2)
    floor = Floor(0.3, "sign flips", 9, 24)
    assert told(chance, floor=floor, detectable=detectable).endswith(
        "Nothing passed: that may be chance (p = 0.2, corrected for all that was tried). Noise floor: chance alone, by "
        f"the spread over the images, reaches 0.30.{sentence}"
    )
    below = dataclasses.replace(chance, below_floor=True)
    assert "Nothing passed: that does not exceed the noise floor. " in told(below)
    dropped = dataclasses.replace(chance, status="dropped")
    assert told(dropped).startswith("Nothing passed. No attribute changes the logit of 'cardinal' by δ = 0.1 or more. ")


def test_a_set_is_held_against_the_sum_of_its_attributes() -> None:
    first = told(SNOW, PAIR).splitlines()[0]
    assert first == (
        "Best joint combination: 'snow + crest' −1.25 (it did not pass); one by one −1.00, so the interaction is −0.25 "
        "(−0.50 … +0.00)."
    )
    assert "(it did not pass)" not in told(SNOW, dataclasses.replace(PAIR, passed=True))


def test_the_held_out_images_confirm_or_not() -> None:
    again = dataclasses.replace(SNOW, effect_holdout=0.1, low_holdout=-0.2, high_holdout=0.4, confirmed=False)
    assert (
        "The search used 24 images, and 20 were held out; on these 'snow' changes it by +0.10 (−0.20 … +0.40), which "
        "does not confirm it."
    ) in told(again, held_out=20)
    assert "'snow' was not measured on them." in told(SNOW, held_out=20)


def test_the_target_is_called_what_it_is() -> None:
    own = dataclasses.replace(SNOW, target="predicted")
    assert "the probability of the class predicted for each image by 2.50" in told(
        own, target="predicted", scale="prob"
    )
    assert "the logit of 'cardinal'" in told(SNOW, target="all")
    nothing = told(dataclasses.replace(SNOW, status="dropped", passed=False), target="all")
    assert "changes the logit of any class by" in nothing
    # a class of that very name
    assert "the logit of 'all'" in told(dataclasses.replace(SNOW, target="all"), target="all")


def test_figures_have_a_sign_or_are_a_dash() -> None:
    assert [signed(value) for value in (1.0, -0.5, NAN)] == ["+1.00", "−0.50", "–"]


def test_a_part_that_does_as_much_as_the_strongest_is_named() -> None:
    land = dataclasses.replace(SNOW, candidate="land", name="land", effect=2.6, influence=2.6, group=True)
    part = dataclasses.replace(SNOW, candidate="land/snow", name="snow", status="dropped", passed=False)
    assert "over 24 images. Of it, 'snow' does as much by itself: +2.50. Passed" in told(land, part)
    for changes in ({"p_corrected": 0.2}, {"effect": -2.5}, {"influence": 2.0}, {"candidate": "landing/snow"}):
        assert "by itself" not in told(land, dataclasses.replace(part, **changes))


def test_the_strongest_is_one_attribute_and_a_set_has_a_sentence_of_its_own() -> None:
    pair = dataclasses.replace(PAIR, effect=4.0, influence=4.0, passed=True)
    text = told(pair, SNOW, best_joint=pair.candidate, passed=(pair.candidate, SNOW.candidate))
    assert "Best joint combination: 'snow + crest' +4.00" in text
    assert "Strongest: 'snow' raises" in text
