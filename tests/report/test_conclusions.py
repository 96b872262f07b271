"""What a search ends with, for results that are tedious to come by."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from scored import scored

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.report import sentences
from diffex_cli.report.claims import with_claims
from diffex_cli.report.data import Floor, ReportData
from diffex_cli.report.words import plain

NAN = math.nan
PLACEBOS = Floor(0.3, "placebos", 2)
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
NOISE = "Noise floor: 0.30 logits, what 2 attributes that these images cannot have can reach."


def data(*rows: RankingRow, **changes: Any) -> ReportData:
    values: dict[str, Any] = {
        "domain": "birds",
        "target": "cardinal",
        "classifier": "birds:shortcut",
        "editor": "render:birds",
        "delta": 0.1,
        "n_images": 24,
        "corpus": Corpus("birds", ()),
        "rows": with_claims(rows, 0.1),
        "best_joint": next((row.candidate for row in rows if " + " in row.candidate), None),
        "floor": PLACEBOS,
        "detectable": 0.4,
        "corrected_for": 17,
    }
    return ReportData(**(values | changes))


def told(*rows: RankingRow, **changes: Any) -> list[str]:
    return read(data(*rows, **changes))


def read(found: ReportData) -> list[str]:
    return [plain(text).replace("\N{NO-BREAK SPACE}", " ") for text in sentences.conclusions(found)]


def test_what_was_shown_to_matter_is_told_with_its_standard() -> None:
    assert told(SNOW) == [
        "What raises ‘cardinal’ most is snow. Its effect is +2.50 logits (95 % interval +2.00 to +3.00, corrected p = "
        "0.01, n = 24).",
        "The one attribute that was measured was shown to matter (p ≤ 0.05 when corrected for all 17 comparisons, "
        "above the noise floor).",
        NOISE,
    ]


def test_the_first_sentence_tells_of_pictures_and_both_directions_have_theirs() -> None:
    sea = dataclasses.replace(SNOW, candidate="sea", name="sea", effect=-1.0, influence=1.0, low=-2.0, high=-0.5)
    found = scored(data(sea, SNOW), {"snow": [(-2.0, 2.0)] * 14 + [(-2.0, -2.0)] * 10, "sea": [(-2.0, -9.0)] * 24})
    assert read(found) == [
        "‘cardinal’ is recognised by snow: with it, 14 of the 24 pictures that were not called ‘cardinal’ are; the "
        "mean probability goes from 12 % to 56 %. Its effect is +2.50 logits (95 % interval +2.00 to +3.00, corrected "
        "p = 0.01, n = 24).",
        "What speaks most against ‘cardinal’ is sea: with it, no decision changes, but the mean probability goes from "
        "12 % to under 0.1 %. Its effect is −1.00 logits (95 % interval −2.00 to −0.50, corrected p = 0.01, n = 24).",
        "Of 2 attributes, 2 were shown to matter (p ≤ 0.05 when corrected for all 17 comparisons, above the noise "
        "floor) and none to be small.",
        NOISE,
    ]


@pytest.mark.parametrize(
    ("detectable", "needed", "sentences"),
    [
        (
            0.4,
            "; about 25 images would decide",
            [
                "A search of this size finds an effect of 0.40 logits four times out of five; a smaller one could have "
                "been missed."
            ],
        ),
        (math.inf, "", ["With so few images no effect, however large, could have been shown to matter."]),
        (NAN, "; about 25 images would decide", []),
    ],
)
def test_nothing_shown_says_what_could_have_been_missed(detectable: float, needed: str, sentences: list[str]) -> None:
    chance = dataclasses.replace(SNOW, passed=False, p_corrected=0.2)
    assert told(chance, floor=Floor(0.3, "sign flips", 9), detectable=detectable) == [
        f"Nothing was shown to matter for ‘cardinal’. Of what could matter, snow is the strongest{needed}. Its effect "
        "is +2.50 logits (95 % interval +2.00 to +3.00, corrected p = 0.2, n = 24).",
        "The one attribute that was measured could matter.",
        "Noise floor: 0.30 logits, what the strongest attribute would reach by chance, by the spread over the images.",
        *sentences,
    ]


def test_what_the_search_dropped_can_matter_and_what_it_kept_need_not() -> None:
    assert told(dataclasses.replace(SNOW, status="dropped", passed=False)) == told(SNOW)
    below = dataclasses.replace(SNOW, below_floor=True)
    assert told(below)[0].startswith("Nothing was shown to matter for ‘cardinal’. Of what could matter, snow is the ")
    small = dataclasses.replace(SNOW, effect=0.01, influence=0.01, low=-0.02, high=0.04)
    assert told(small)[0] == (
        "Nothing was shown to matter for ‘cardinal’. All attributes that were tried were shown to be small."
    )


def test_a_set_is_held_against_the_sum_of_its_attributes() -> None:
    assert told(SNOW, PAIR)[1] == (
        "Best joint combination: snow + crest (−1.25 logits); one by one its attributes sum up to −1.00, so that they "
        "interact by −0.25 (−0.50 to 0.00, which includes zero). It was not shown to matter."
    )
    beyond = dataclasses.replace(PAIR, p_corrected=0.01, low=-2.0, high=-0.5)
    assert "It was not shown" not in told(SNOW, beyond)[1]


def test_the_held_out_images_confirm_or_not() -> None:
    again = dataclasses.replace(
        SNOW, effect_holdout=0.1, low_holdout=-0.2, high_holdout=0.4, n_holdout=20, confirmed=False
    )
    assert told(again)[0].endswith("n = 24); on 20 held-out images +0.10, −0.20 to +0.40, which does not confirm it.")
    assert told(again, n_held_out=20)[1] == (
        "The search used 24 images; 20 more were held out to measure again what it chose."
    )
    assert told(again, n_images=1, n_held_out=1)[1] == (
        "The search used 1 image; 1 more was held out to measure again what it chose."
    )
    one = dataclasses.replace(again, n_holdout=1, confirmed=True)
    assert told(one)[0].endswith("; on 1 held-out image +0.10, −0.20 to +0.40.")


def test_the_target_is_called_what_it_is() -> None:
    own = dataclasses.replace(SNOW, target="predicted")
    assert told(own, target="predicted", scale="prob")[0].startswith(
        "What raises each picture’s own class most is snow. Its effect is +2.50 in probability ("
    )
    assert "‘cardinal’" in told(SNOW, target="all")[0]
    assert "for any class." in told(dataclasses.replace(SNOW, p_corrected=0.3), target="all")[0]
    # a class of that very name
    assert "‘all’" in told(dataclasses.replace(SNOW, target="all"), target="all")[0]


def test_a_member_that_does_what_its_groups_do_is_named_and_they_fold_into_it() -> None:
    land = dataclasses.replace(SNOW, candidate="b/land", name="land", effect=2.6, influence=2.6, group=True)
    top = dataclasses.replace(land, candidate="b", name="background", effect=2.2, influence=2.2)
    part = dataclasses.replace(SNOW, candidate="b/land/snow", status="dropped", passed=False)
    text = told(land, part, top)[0]
    assert text.startswith("What raises ‘cardinal’ most is snow. Its effect is +2.50 logits")
    assert text.endswith(" Its groups, land and background, matter because of it.")
    for changes in ({"p_corrected": 0.2}, {"effect": -2.5, "low": -3.0, "high": -2.0}, {"candidate": "landing/snow"}):
        assert "because of it" not in told(land, dataclasses.replace(part, **changes))[0]


def test_the_strongest_is_one_attribute_and_a_set_has_a_sentence_of_its_own() -> None:
    pair = dataclasses.replace(PAIR, effect=4.0, influence=4.0, low=3.0, high=5.0, p_corrected=0.01)
    text = told(pair, SNOW)
    assert text[0].startswith("What raises ‘cardinal’ most is snow.")
    assert text[1].startswith("Best joint combination: snow + crest (+4.00 logits); ")
