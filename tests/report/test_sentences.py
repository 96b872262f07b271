from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from diffex_cli.report import sentences, words
from diffex_cli.report.data import Floor, ReportData
from diffex_cli.report.words import Segment, Text


def plain(text: Text | None) -> str:
    assert text is not None
    return words.plain(text).replace("\N{NO-BREAK SPACE}", " ")


def headline(data: ReportData) -> str:
    return plain(sentences.headline(data))


def test_the_headline_names_what_raises_and_what_lowers_most(report_data: ReportData) -> None:
    assert headline(report_data) == (
        "‘cardinal’ is raised most by snow background (+2.31 logits, 95 % interval +2.21 to +2.41, n = 6) "
        "and lowered most by no crest (−0.61 logits, 95 % interval −0.71 to −0.51, n = 6)."
    )


def test_a_single_direction_says_that_the_other_is_empty(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"-head/crest/no-crest": {"status": "dropped"}})
    assert headline(data).endswith("n = 6); nothing that was kept lowers it.")


def test_nothing_kept_is_said_with_the_threshold_and_the_strongest(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({}, status="dropped", low=math.nan)
    assert headline(data) == (
        "No attribute that was tried passed δ = 0.10 logits for ‘cardinal’. "
        "The strongest was snow background (+2.31 logits, n = 6)."
    )


def test_nothing_scored_at_all_is_no_crash(report_data: ReportData) -> None:
    data = dataclasses.replace(report_data, rows=())
    assert headline(data) == "No attribute that was tried passed δ = 0.10 logits for ‘cardinal’."


def test_names_in_the_headline_are_words_that_say_whose_they_are(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"background/snow": {"name": "<b>snow"}})
    text = sentences.headline(dataclasses.replace(data, target="<i>"))
    assert text[0].text == "‘<i>’ is raised most by "
    assert text[1] == Segment("<b>snow", "background/snow")


def test_a_kept_placebo_explains_nothing(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"hat": {"effect": 9.0, "influence": 9.0, "status": "kept"}})
    assert "hat" not in headline(data)
    cautions = sentences.cautions(data)
    assert (
        "The noise floor reaches δ: influences up to 9.00 logits can be noise here, so that δ alone tells nothing."
        in cautions
    )
    assert any(text.startswith("Kept, but not above the noise floor: ‘snow background’") for text in cautions)


def test_the_noise_floor_in_words(report_data: ReportData, with_rows: Callable[..., ReportData]) -> None:
    assert sentences.floor_sentence(report_data) == (
        "Noise floor: 0.042 logits, the largest influence of 1 attribute that these images cannot have."
    )
    recorded = dataclasses.replace(report_data, floor=Floor(0.2, "placebos", 3))
    assert sentences.floor_sentence(recorded) == (
        "Noise floor: 0.20 logits, what 3 attributes that these images cannot have can reach."
    )
    chance = dataclasses.replace(report_data, floor=Floor(0.2, "sign flips", 3), scale="prob")
    assert sentences.floor_sentence(chance).startswith("Noise floor: 0.20 in probability, what the strongest attribute")
    assert "says nothing of chance" in sentences.floor_sentence(
        dataclasses.replace(report_data, floor=Floor(0.0, "placebos", 1))
    )
    assert "not measured" in sentences.floor_sentence(with_rows({}, placebo=False))
    assert "not measured" in sentences.floor_sentence(with_rows({"hat": {"influence": math.nan}}))


def test_cautions_name_doubtful_intervals_and_missing_images(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"head/crest": {"low": -0.1}, "evil": {"n": 3}})
    assert sentences.cautions(data) == (
        "Kept, but the 95 % interval includes zero: ‘crest’.",
        "Kept, but measured on fewer than all 6 images: ‘<script>alert('x')</script>’.",
    )
    assert sentences.cautions(with_rows({})) == ()


def test_the_headline_claims_what_passed_and_gives_the_held_out_effect(judged_data: ReportData) -> None:
    assert headline(judged_data) == (
        "‘cardinal’ is raised most by snow background (+2.31 logits, 95 % interval +2.21 to +2.41, n = 6; on 4 "
        "held-out images +2.08, +1.78 to +2.38) and lowered most by no crest (−0.61 logits, 95 % interval −0.71 to "
        "−0.51, n = 6; on 4 held-out images −0.55, −0.85 to −0.25)."
    )


def test_nothing_passed_is_an_answer(nothing_passed: ReportData) -> None:
    assert headline(nothing_passed).startswith(
        "Nothing passed: no attribute that was tried can be told from noise for ‘cardinal’. "
        "The strongest was snow background (+2.31 logits"
    )
    assert sentences.detectable_sentence(nothing_passed) == (
        "A search of this size finds an effect of 0.77 logits four times out of five; a smaller one could have been "
        "missed."
    )
    assert sentences.detectable_sentence(dataclasses.replace(nothing_passed, detectable=math.nan)) is None
    hopeless = sentences.detectable_sentence(dataclasses.replace(nothing_passed, detectable=math.inf))
    assert hopeless == "With so few images no effect, however large, could have passed."
    assert any(
        text.startswith("Kept, but not beyond chance (corrected p > 0.05 for 11 comparisons): ‘snow background’")
        for text in sentences.cautions(nothing_passed)
    )


def test_the_best_joint_combination_is_compared_with_the_sum(judged_data: ReportData) -> None:
    assert plain(sentences.joint_sentence(judged_data)) == (
        "Best joint combination: snow background + tall crest (+3.30 logits, 95 % interval +3.00 to +3.60, n = 6; "
        "on 4 held-out images +2.08, +1.78 to +2.38); one by one its attributes sum up to +2.71, so that they interact "
        "by +0.59 (+0.21 to +0.97)."
    )
    rows = [dataclasses.replace(row, interaction_low=-0.1, passed=False) for row in judged_data.rows]
    doubtful = plain(sentences.joint_sentence(dataclasses.replace(judged_data, rows=tuple(rows))))
    assert doubtful.endswith("(−0.10 to +0.97, which includes zero). It did not pass.")
    assert sentences.joint_sentence(dataclasses.replace(judged_data, best_joint=None)) is None


def test_what_the_held_out_images_do_not_confirm_is_named(judged_data: ReportData) -> None:
    assert "Kept, but the held-out images do not confirm it: ‘crest’, ‘<script>alert('x')</script>’." in (
        sentences.cautions(judged_data)
    )


def test_of_all_classes_the_headline_names_which(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"-head/crest/no-crest": {"target": "jay"}})
    assert headline(dataclasses.replace(data, target="all")).startswith(
        "Of all classes, ‘cardinal’ is raised most, by snow background (+2.31"
    )
    assert ", and ‘jay’ is lowered most, by no crest (−0.61" in headline(dataclasses.replace(data, target="all"))
    nothing = dataclasses.replace(with_rows({}, status="dropped"), target="all")
    assert "passed δ = 0.10 logits for any class." in headline(nothing)


def test_each_images_own_class_and_probabilities_are_called_so(with_rows: Callable[..., ReportData]) -> None:
    data = dataclasses.replace(with_rows({}, target="predicted"), target="predicted", scale="prob")
    assert headline(data).startswith(
        "The class predicted for each image is raised most by snow background (+2.31 in probability,"
    )


def test_the_headline_tells_what_does_as_much_as_the_group_it_names(with_rows: Callable[..., ReportData]) -> None:
    plain = with_rows({})
    strongest = next(row for row in plain.rows if row.effect > 0 and row.status == "kept" and not row.placebo)
    group = dataclasses.replace(strongest, effect=9.0, influence=9.0, p_corrected=0.01, passed=True)
    child = dataclasses.replace(
        group, candidate=f"{group.candidate}/part", name="<part>", effect=8.5, influence=8.5, status="dropped"
    )
    rows = tuple(row for row in plain.rows if row.candidate != group.candidate)
    told = headline(dataclasses.replace(plain, rows=(group, child, *rows)))
    assert f"Of {group.name}, <part> (+8.50 logits" in told
    assert "does as much by itself." in told
    weaker = dataclasses.replace(child, influence=1.0)
    assert "by itself" not in headline(dataclasses.replace(plain, rows=(group, weaker, *rows)))
