"""Which changes an explanation does not account for."""

import pytest

from diffex_cli.corpus.evidence import surprises


def test_the_residual_is_against_the_mean_of_the_others() -> None:
    (one,) = surprises({"a": {"x": 4.0, "y": 1.0, "z": 1.0}}, least=2.0, most=9)
    assert (one.candidate, one.image, one.change, one.mean) == ("a", "x", 4.0, 1.0)
    assert one.residual == pytest.approx(3.0)


def test_each_image_comes_once_and_the_attributes_take_turns() -> None:
    changes = {"loud": {"x": 9.0, "y": -9.0, "z": 8.0}, "calm": {"x": 1.0, "y": 0.0, "z": 0.0}, "one": {"x": 5.0}}
    found = surprises(changes, least=0.1, most=2)
    assert [(one.candidate, one.image) for one in found] == [("loud", "y"), ("calm", "x")]
    assert [one.image for one in surprises(changes, 0.1, 9)] == ["y", "z", "x"]


def test_what_is_alike_is_no_surprise() -> None:
    assert surprises({"a": {"x": 1.0, "y": 1.0}}, least=0.0, most=3) == ()
    assert surprises({"a": {"x": 1.0, "y": 1.1}}, least=0.2, most=3) == ()
