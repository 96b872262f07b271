"""Names of targets, and what they are worth on a picture."""

import math

import numpy as np
import pytest

from diffex_cli.artifacts.rows import ScoreRow
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.measure.targets import Value, choose, parse, values


def row(*logits: float, labels: tuple[str, ...] = ("owl", "jay", "wren"), kind: OutputKind = "softmax") -> ScoreRow:
    return ScoreRow("", "original", labels, np.array(logits), kind)


def value(picture: ScoreRow, original: ScoreRow | None, name: str) -> Value | None:
    (found,) = values([picture], [original], name)
    return found


ORIGINALS = [row(1.0, 2.0, 0.0), row(3.0, 0.0, 0.0), row(0.0, 1.0, 0.5)]


def names(wanted: str | None, originals: list[ScoreRow] = ORIGINALS) -> list[str]:
    return [target.name for target in choose(wanted, originals, "python:x:y", "logit")]


def test_the_kinds_of_targets() -> None:
    assert names(None) == ["jay"]
    assert names("wren") == ["wren"]
    assert names("predicted") == ["predicted"]
    assert names("owl - jay") == ["owl - jay"]
    assert names("all") == ["owl", "jay", "wren"]


def test_a_label_comes_before_the_words() -> None:
    odd = [row(1.0, 0.0, labels=("all", "predicted"))]
    assert names("all", odd) == ["all"]
    assert names("predicted", odd) == ["predicted"]
    assert choose("predicted", odd, "", "logit")[0].column == 1
    dashed = [row(1.0, 0.0, 2.0, labels=("a", "b", "a - b"))]
    assert choose("a - b", dashed, "", "logit")[0].against is None
    assert (target := parse("a - b - b", ("a - b", "b"))) is not None
    assert (target.column, target.against) == (0, 1)


@pytest.mark.parametrize("wrong", ["ow", "owl - owl", "owl - robin", "owl-jay", ""])
def test_an_unknown_target_lists_the_classes(wrong: str) -> None:
    with pytest.raises(UsageError, match=r"--target can be: owl, jay, wren"):
        names(wrong)


def test_a_single_output_has_no_probability() -> None:
    single = [row(1.0, labels=("age",)), row(2.0, labels=("age",))]
    assert names(None, single) == ["age"]
    with pytest.raises(UsageError, match="single output and no probabilities: leave out --scale prob"):
        choose(None, single, "python:x:y", "prob")
    found = value(single[0], None, "age")
    assert found is not None
    assert found.on("logit") == 1.0
    assert math.isnan(found.on("prob"))


def test_the_value_of_a_picture() -> None:
    edited = row(2.0, 5.0, 1.0)
    assert (found := value(edited, None, "owl")) is not None
    assert found.on("logit") == 2.0
    assert found.on("prob") == pytest.approx(math.exp(2) / (math.exp(2) + math.exp(5) + math.exp(1)))
    assert (found := value(edited, None, "jay - owl")) is not None
    assert found.on("logit") == 3.0
    assert (found := value(edited, ORIGINALS[1], "predicted")) is not None
    assert found.on("logit") == 2.0
    assert value(edited, None, "predicted") is None
    assert value(edited, None, "robin") is None


def test_the_value_goes_by_the_kind() -> None:
    label, quantity = (row(2.0, 5.0, -1.0, kind=kind) for kind in ("multilabel", "regression"))
    assert (found := value(label, None, "owl")) is not None
    assert found.probability == pytest.approx(1 / (1 + math.exp(-2)))
    assert (found := value(label, label, "predicted")) is not None
    assert found.probability == pytest.approx(1 / (1 + math.exp(-5)))
    assert (found := value(quantity, None, "owl - jay")) is not None
    assert found.score == -3.0
    assert math.isnan(found.probability)
    assert label.predicted == ("owl", "jay")
    assert quantity.predicted == ()
    assert ORIGINALS[0].predicted == ("jay",)


def test_probabilities_are_refused_where_there_are_none() -> None:
    with pytest.raises(UsageError, match="python:x:y gives quantities and no probabilities: leave out --scale prob"):
        choose("owl", [row(1.0, 2.0, 0.0, kind="regression")], "python:x:y", "prob")
    single = [row(1.0, labels=("smile",), kind="multilabel")]
    assert choose(None, single, "python:x:y", "prob")[0].name == "smile"


def test_many_pictures_are_told_of_as_one_by_one() -> None:
    edited = [row(0.0, 5.0, 1.0), None, row(2.0, -1.0, 0.25)]
    for name in ("owl", "jay - owl", "predicted", "robin"):
        for originals in (ORIGINALS, [None, *ORIGINALS[1:]], [None] * 3):
            alone = [
                None if one is None else value(one, other, name) for one, other in zip(edited, originals, strict=True)
            ]
            assert values(edited, originals, name) == alone
    assert values([], [], "owl") == []
    assert values([None], [None], "owl") == [None]
