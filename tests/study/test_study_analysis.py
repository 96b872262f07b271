"""Figures of studies, worked by hand."""

from __future__ import annotations

import math

import pytest
from study_samples import given, identify, joint, of_turn, quality

from diffex_cli.search.statistics.intervals import wilson
from diffex_cli.study.analysis import Figure, Findings, Group, analyse
from diffex_cli.study.tables import find

T_2 = 4.302652729911275
"""The 97.5 % quantile of Student's t with two degrees of freedom, as tables have it."""


def ratings(*pairs: tuple[int, int]) -> dict[str, dict[str, int | str]]:
    return {f"q{number}": {"quality": a, "disentanglement": b} for number, (a, b) in enumerate(pairs, 1)}


def figure(group: Group, query: str, part: str = "", attribute: str = "") -> Figure:
    found = find(group, query, part, attribute)
    assert found is not None
    return found


def rated() -> Findings:
    study = quality()
    return analyse(
        study,
        [
            given(study, "ann", ratings((5, 3), (3, 3))),  # 4
            given(study, "bob", ratings((4, 3), (2, 3))),  # 3
            given(study, "cid", ratings((3, 3), (1, 3))),  # 2
            given(study, "model-x", ratings((1, 1), (1, 1)), rater="model", model={"model": "x"}),
        ],
    )


def test_a_mean_with_its_two_intervals() -> None:
    people = rated().groups[0]
    found = figure(people, "quality")
    assert (found.raters, found.items, found.answers) == (3, 2, 6)
    assert found.mean == pytest.approx(3)
    # raters' means 4, 3, 2: s = 1, so t · 1/√3
    assert found.high - found.mean == pytest.approx(T_2 / math.sqrt(3))
    assert found.low == pytest.approx(3 - T_2 / math.sqrt(3))
    # items' means 4, 2: s = √2, so t(1) · √2/√2
    assert found.high_items == pytest.approx(3 + 12.706204736432095)
    assert figure(people, "quality", attribute="attribute 2").mean == pytest.approx(2)


def test_people_and_models_are_never_pooled() -> None:
    people, models = rated().groups
    assert (people.rater, people.names) == ("person", ("ann", "bob", "cid"))
    assert (models.rater, models.names) == ("model", ("model-x",))
    assert figure(models, "quality").mean == 1
    assert math.isnan(figure(models, "quality").low)


def test_agreement_of_ratings_is_ordinal() -> None:
    people = rated().groups[0]
    by_query = {one.query: one for one in people.agreement}
    assert by_query["quality"].level == "ordinal"
    # units 5, 4, 3 and 3, 2, 1; counts 1, 1, 2, 1, 1 at the middles 0.5, 1.5, 3, 4.5, 5.5
    middles = {1: 0.5, 2: 1.5, 3: 3.0, 4: 4.5, 5: 5.5}
    values = [1, 2, 3, 3, 4, 5]
    expected = sum((middles[a] - middles[b]) ** 2 for a in values for b in values)
    units = [(5, 4, 3), (3, 2, 1)]
    observed = sum((middles[a] - middles[b]) ** 2 / 2 for unit in units for a in unit for b in unit)
    assert by_query["quality"].alpha == pytest.approx(1 - 5 * observed / expected)
    assert math.isnan(by_query["disentanglement"].alpha)


def test_joint_edits_by_how_many_attributes_they_have() -> None:
    study = joint()
    answers = {"ann": (5, 4, 3), "bob": (5, 5, 3)}
    files = [
        given(
            study, name, {f"j{size}": {"disentanglement": value} for size, value in zip((1, 2, 5), some, strict=True)}
        )
        for name, some in answers.items()
    ]
    (people,) = analyse(study, files).groups
    means = {part: figure(people, "disentanglement", part).mean for part in ("1", "2", "4+")}
    assert means == {"1": 5, "2": 4.5, "4+": 3}
    difference = next(one for one in people.differences if (one.part, one.other) == ("1", "4+"))
    assert (difference.mean, difference.raters) == (2, 2)
    # 1 − 2 is 1 and 0: the mean 0.5 ± 12.706 · (√0.5 / √2)
    paired = next(one for one in people.differences if (one.part, one.other) == ("1", "2"))
    assert paired.high == pytest.approx(0.5 + 12.706204736432095 * 0.5)


def test_identify_counts_right_answers_by_method() -> None:
    study = identify()
    files = []
    for turn in range(3):
        code = of_turn(study, turn)
        choices = {
            one.id: {"choice": one.options[{"words": 0, "picture": 0 if turn else 1, "heatmap": 2}[one.method]]}
            for one in study.of_turn(turn)
        }
        files.append(given(study, code, choices))
    (people,) = analyse(study, files).groups
    assert figure(people, "choice", "words").mean == 1
    assert figure(people, "choice", "heatmap").mean == 0
    assert figure(people, "choice", "picture").mean == pytest.approx(2 / 3)
    cell = figure(people, "choice", "picture", "red head")
    assert (cell.mean, cell.raters) == (pytest.approx(2 / 3), 3)
    assert (cell.low, cell.high) == wilson(2 / 3, 3)
    better = next(one for one in people.differences if (one.part, one.other) == ("words", "heatmap"))
    assert (better.mean, better.raters) == (1, 3)


def test_all_right_is_no_certainty() -> None:
    study = identify()
    files = []
    for turn in range(3):
        choices = {one.id: {"choice": one.options[0]} for one in study.of_turn(turn)}
        files.append(given(study, of_turn(study, turn), choices))
    found = figure(analyse(study, files).groups[0], "choice", "words")
    assert (found.mean, found.high) == (1, pytest.approx(1))
    # 3 of 3: 1 / (1 + z²/3)
    assert found.low == pytest.approx(1 / (1 + 1.959963984540054**2 / 3))


def test_wilsons_interval_against_his_formula() -> None:
    # 8 of 10, from Brown, Cai & DasGupta 2001: (0.490, 0.943)
    assert wilson(0.8, 10) == (pytest.approx(0.490, abs=5e-4), pytest.approx(0.943, abs=5e-4))


def test_who_agrees_on_the_same_words_agrees() -> None:
    study = identify()
    codes = [of_turn(study, 0, prefix) for prefix in ("a", "b")]
    right = {one.id: {"choice": one.options[0]} for one in study.of_turn(0)}
    (people,) = analyse(study, [given(study, code, right) for code in codes]).groups
    assert people.agreement[0].level == "nominal"
    assert people.agreement[0].alpha == pytest.approx(1)
