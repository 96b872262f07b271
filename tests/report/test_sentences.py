from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import pytest
from scored import scored

from diffex_cli.report import sentences, words
from diffex_cli.report.data import Floor, ReportData
from diffex_cli.report.words import Segment, Text

SNOW, CREST = "background/snow", "-head/crest/no-crest"
NO, YES = -2.0, 2.0
"""Logits of 12 % and of 88 %."""


def plain(text: Text | None) -> str:
    assert text is not None
    return words.plain(text).replace("\N{NO-BREAK SPACE}", " ")


def headline(data: ReportData) -> str:
    return plain(sentences.headline(data))


def test_the_headline_names_what_raises_and_what_lowers_most(judged_data: ReportData) -> None:
    assert headline(judged_data) == (
        "What raises ‘cardinal’ most is snow background. What lowers ‘cardinal’ most is no crest."
    )


def test_where_pictures_were_scored_it_tells_of_decisions_and_probabilities(judged_data: ReportData) -> None:
    snow, crest = [(NO, YES), (NO, YES), (NO, NO), (YES, YES)], [(NO, NO), (NO, NO), (NO, NO), (YES, NO)]
    assert headline(scored(judged_data, {SNOW: snow, CREST: crest})) == (
        "‘cardinal’ is recognised by snow background: with it, 2 of the 3 pictures that were not called ‘cardinal’ "
        "are; the mean probability goes from 31 % to 69 %. What speaks most against ‘cardinal’ is no crest: after this "
        "edit, the one picture that was called ‘cardinal’ no longer is; the mean probability goes from 31 % to 12 %."
    )


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (
            [(NO, YES)],
            "with it, the one picture that was not called ‘cardinal’ is; the mean probability goes from 12 %",
        ),
        ([(NO, YES)] * 2, "with it, both pictures that were not called ‘cardinal’ are; "),
        ([(NO, YES)] * 3, "with it, all 3 pictures that were not called ‘cardinal’ are; "),
        ([(NO, YES), (NO, NO)], "with it, 1 of the 2 pictures that were not called ‘cardinal’ is; "),
        (
            [(NO, YES), (NO, YES), (NO, NO), (YES, NO), (YES, YES)],
            "with it, 2 of the 3 pictures that were not called ‘cardinal’ are, and 1 of the 2 pictures that were "
            "called ‘cardinal’ no longer is; ",
        ),
        ([(YES, 3.0)], "with it, no decision changes, but the mean probability goes from 88 % to 95 %."),
        ([(YES, YES)], "with it, no decision changes, and the mean probability stays at 88 %."),
        ([(-900.0, -800.0)], "with it, no decision changes, and the mean probability stays at 0 %."),
        ([(-9.0, -8.0)], "with it, no decision changes, and the mean probability stays under 0.1 %."),
        ([(-9.0, 9.0)], "; the mean probability goes from under 0.1 % to over 99.9 %."),
        ([(-5.0, 5.0)], "; the mean probability goes from 0.7 % to 99.3 %."),
    ],
)
def test_decisions_are_counted_in_words(judged_data: ReportData, pairs: list[tuple[float, float]], told: str) -> None:
    assert told in headline(scored(judged_data, {SNOW: pairs}))


def test_a_contrast_leans(with_rows: Callable[..., ReportData], judged_data: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, target="cardinal - jay") for row in judged_data.rows)
    data = dataclasses.replace(judged_data, rows=rows, target="cardinal - jay")
    snow, crest = [(NO, YES), (NO, NO)], [(NO, NO), (NO, NO)]
    assert headline(scored(data, {SNOW: snow, CREST: crest})) == (
        "What speaks most for ‘cardinal’ rather than ‘jay’ is snow background: with it, 1 of the 2 pictures that "
        "leaned towards ‘jay’ leans towards ‘cardinal’; the mean probability goes from 12 % to 50 %. What speaks most "
        "against ‘cardinal’ rather than ‘jay’ is no crest: after this edit, no decision changes, and the mean "
        "probability stays at 12 %."
    )


def test_each_images_own_class_and_probabilities_are_called_so(judged_data: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, target="predicted") for row in judged_data.rows)
    data = dataclasses.replace(judged_data, rows=rows, target="predicted", scale="prob")
    told = headline(scored(data, {CREST: [(YES, NO), (YES, YES)]}))
    assert told.startswith("What raises each picture’s own class most is snow background. ")
    assert told.endswith(
        "What speaks most against each picture’s own class is no crest: after this edit, 1 of the 2 pictures is called "
        "something else; the mean probability goes from 88 % to 50 %."
    )
    assert "Its effect is +2.31 in probability (" in plain(sentences.findings(data)[0])


def test_quantities_have_no_decisions(judged_data: ReportData) -> None:
    data = scored(judged_data, {SNOW: [(NO, YES)]}, kind="regression")
    assert headline(data).startswith("What raises ‘cardinal’ most is snow background. ")


def test_of_labels_that_exclude_none_each_has_decisions_of_its_own(judged_data: ReportData) -> None:
    data = scored(judged_data, {SNOW: [(NO, YES)]}, labels=("cardinal",), kind="multilabel")
    assert "with it, the one picture that was not called ‘cardinal’ is;" in headline(data)


def test_a_single_direction_is_told_alone(judged_data: ReportData, with_rows: Callable[..., ReportData]) -> None:
    rows = tuple(row for row in judged_data.rows if row.candidate != CREST)
    assert headline(dataclasses.replace(judged_data, rows=rows)) == "What raises ‘cardinal’ most is snow background."


def test_nothing_shown_is_said_with_what_could_and_how_many_images_would_decide(nothing_passed: ReportData) -> None:
    assert headline(nothing_passed) == (
        "Nothing was shown to matter for ‘cardinal’. Of what could matter, snow background is the strongest; about 7 "
        "images would decide."
    )
    assert sentences.detectable_sentence(nothing_passed) == (
        "A search of this size finds an effect of 0.77 logits four times out of five; a smaller one could have been "
        "missed."
    )
    assert sentences.detectable_sentence(dataclasses.replace(nothing_passed, detectable=math.nan)) is None
    hopeless = dataclasses.replace(nothing_passed, detectable=math.inf)
    assert sentences.detectable_sentence(hopeless) == (
        "With so few images no effect, however large, could have been shown to matter."
    )
    assert headline(hopeless).endswith("Of what could matter, snow background is the strongest.")


def test_without_p_values_nothing_is_shown_and_that_is_said(report_data: ReportData) -> None:
    assert headline(report_data) == (
        "Nothing was shown to matter for ‘cardinal’. Of what could matter, snow background is the strongest."
    )
    assert sentences.cautions(report_data) == (
        "The ranking has no p-values, so that nothing could be shown to matter.",
    )


def test_nothing_scored_at_all_is_no_crash(report_data: ReportData, with_rows: Callable[..., ReportData]) -> None:
    data = dataclasses.replace(report_data, rows=())
    assert headline(data) == "Nothing could be measured for ‘cardinal’."
    assert headline(dataclasses.replace(data, target="all")) == "Nothing could be measured for any class."
    failed = with_rows({"hat": {}}, effect=math.nan, influence=math.nan)
    assert headline(failed) == "Nothing could be measured for ‘cardinal’."
    assert sentences.counts_sentence(failed) == "No attribute could be measured."


def test_names_in_the_headline_are_words_that_say_whose_they_are(judged_data: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, name="<b>snow", target="<i>") for row in judged_data.rows)
    text = sentences.headline(dataclasses.replace(judged_data, rows=rows, target="<i>"))
    assert text[0].text == "What raises ‘<i>’ most is "
    assert text[1] == Segment("<b>snow", SNOW)


def test_a_placebo_explains_nothing(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"hat": {"effect": 9.0, "influence": 9.0, "status": "kept"}}, p_corrected=0.01)
    assert all(piece.candidate != "hat" for piece in sentences.headline(data))
    assert (
        "The noise floor reaches δ: influences up to 9.00 logits can be noise here, so that δ alone tells nothing."
        in sentences.cautions(data)
    )
    assert plain(sentences.placebo_sentence(data)) == (
        "The placebo hat, which these images cannot have, moved ‘cardinal’ by +9.00 logits."
    )
    two = with_rows({"evil": {"placebo": True, "name": "wings"}})
    assert plain(sentences.placebo_sentence(two)) == (
        "Of 2 placebos, which these images cannot have, the strongest, wings, moved ‘cardinal’ by +0.12 logits."
    )
    assert sentences.placebo_sentence(with_rows({}, placebo=False)) is None


def test_the_noise_floor_in_words(report_data: ReportData, with_rows: Callable[..., ReportData]) -> None:
    assert sentences.floor_sentence(report_data) == (
        "Noise floor: 0.042 logits, the largest influence of an attribute that these images cannot have; a single one "
        "is a rough measure."
    )
    recorded = dataclasses.replace(report_data, floor=Floor(0.2, "placebos", 3))
    assert sentences.floor_sentence(recorded) == (
        "Noise floor: 0.20 logits, what 3 attributes that these images cannot have can reach."
    )
    chance = dataclasses.replace(report_data, floor=Floor(0.2, "sign flips", 3), scale="prob")
    assert sentences.floor_sentence(chance).startswith("Noise floor: 0.20 in probability, what the strongest attribute")
    nothing = [
        sentences.floor_sentence(dataclasses.replace(report_data, floor=Floor(0.0, "placebos", arms)))
        for arms in (1, 2)
    ]
    assert nothing == [
        "Noise floor: 0.00 logits, what an attribute that these images cannot have can reach; as its edits change "
        "nothing, it says nothing of chance.",
        "Noise floor: 0.00 logits, what 2 attributes that these images cannot have can reach; as their edits change "
        "nothing, it says nothing of chance.",
    ]
    assert "not measured" in sentences.floor_sentence(with_rows({}, placebo=False))
    assert "not measured" in sentences.floor_sentence(with_rows({"hat": {"influence": math.nan}}))


def test_cautions_name_missing_images(judged_data: ReportData) -> None:
    rows = [dataclasses.replace(row, n=3) if row.candidate in (SNOW, "head/crest") else row for row in judged_data.rows]
    data = dataclasses.replace(judged_data, rows=tuple(rows), floor=Floor(0.0, "placebos", 2))
    assert sentences.cautions(data) == ("Measured on fewer than all 6 images: ‘snow background’.",)


@pytest.mark.parametrize(
    ("region", "keep", "where"),
    [
        ("masks:head", "", "within masks:head"),
        ("", "text:m:words=face", "outside of text:m:words=face"),
        ("masks:head", "boxes:faces.csv", "within masks:head and outside of boxes:faces.csv"),
    ],
)
def test_cautions_tell_where_pictures_were_edited(judged_data: ReportData, region: str, keep: str, where: str) -> None:
    before = sentences.cautions(judged_data)
    data = dataclasses.replace(judged_data, region=region, keep_region=keep)
    told = f"Pictures were edited only {where}: what an attribute does elsewhere is not in its effect."
    assert sentences.cautions(data) == (*before, told)


def test_what_the_held_out_images_do_not_confirm_is_named(judged_data: ReportData) -> None:
    rows = [dataclasses.replace(row, confirmed=row.candidate == SNOW) for row in judged_data.rows]
    data = dataclasses.replace(judged_data, rows=tuple(rows))
    assert "Shown to matter, but the held-out images do not confirm it: ‘no crest’." in sentences.cautions(data)
    assert plain(sentences.findings(data)[1]).endswith(
        "; on 4 held-out images −0.55, −0.85 to −0.25, which does not confirm it."
    )


def test_the_best_joint_combination_is_compared_with_the_sum(judged_data: ReportData) -> None:
    assert plain(sentences.joint_sentence(judged_data)) == (
        "Best joint combination: snow background + tall crest (+3.30 logits); one by one its attributes sum up to "
        "+2.71, so that they interact by +0.59 (+0.21 to +0.97)."
    )
    rows = [dataclasses.replace(row, interaction_low=-0.1, claim="undecided") for row in judged_data.rows]
    doubtful = plain(sentences.joint_sentence(dataclasses.replace(judged_data, rows=tuple(rows))))
    assert doubtful.endswith("(−0.10 to +0.97, which includes zero). It was not shown to matter.")
    assert sentences.joint_sentence(dataclasses.replace(judged_data, best_joint=None)) is None


def test_of_all_classes_the_headline_names_which(judged_data: ReportData, nothing_passed: ReportData) -> None:
    def turned(data: ReportData) -> ReportData:
        rows = [dataclasses.replace(row, target="jay") if row.candidate == CREST else row for row in data.rows]
        return dataclasses.replace(data, rows=tuple(rows), target="all")

    assert headline(turned(judged_data)) == (
        "What raises ‘cardinal’ most is snow background. What lowers ‘jay’ most is no crest."
    )
    assert headline(turned(nothing_passed)).startswith("Nothing was shown to matter for any class. ")


def test_the_headline_names_the_member_that_does_what_its_groups_do(judged_data: ReportData) -> None:
    snow = judged_data.rows[0]
    group = dataclasses.replace(snow, candidate="background", name="background", effect=2.2, influence=2.2)
    rows = [row for row in judged_data.rows if row.candidate != "background"]
    data = dataclasses.replace(judged_data, rows=(group, *rows))
    assert headline(data).startswith("What raises ‘cardinal’ most is snow background. ")
    assert plain(sentences.findings(data)[0]).endswith(" Its group, background, matters because of it.")
    weaker = dataclasses.replace(snow, effect=1.0, influence=1.0, low=0.9, high=1.1)
    data = dataclasses.replace(judged_data, rows=(group, weaker, *(row for row in rows if row.candidate != SNOW)))
    assert headline(data).startswith("What raises ‘cardinal’ most is background. ")
    assert "because of it" not in plain(sentences.findings(data)[0])
