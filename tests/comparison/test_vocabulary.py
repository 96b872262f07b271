import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.comparison.differences import compare_names
from diffex_cli.core.wording import normalised


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("  Beard   Colors ", "beard color"),
        ("laugh-lines", "laugh line"),
        ("leaf_spots (brown)", "leaf spot brown"),
        ("berries", "berry"),
        ("ties", "tie"),
        ("patches and bushes", "patch and bush"),
        ("glasses", "glass"),
        ("boxes", "box"),
        ("noses", "nose"),
        ("iris, fungus, moss, gas", "iris fungus moss gas"),
        ("leaves", "leave"),
        ("Übergrößen", "übergrößen"),
    ],
)
def test_names_are_normalised(name: str, expected: str) -> None:
    assert normalised(name) == expected


@given(name=st.text("abeghiscxyz- S", max_size=12))
def test_normalising_twice_changes_nothing(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)


def test_iou_by_hand() -> None:
    found = compare_names(["Beards", "nose", "eye shapes", "—"], ["beard", "Eye Shape", "hair", "ears"])
    assert found.iou == pytest.approx(2 / 5)
    assert (found.shared, found.only_first, found.only_second) == (2, ("nose",), ("ear", "hair"))
    assert compare_names([], []).iou == 1.0
    assert compare_names(["a"], []).iou == 0.0


@given(a=st.lists(st.text("abs ", max_size=4)), b=st.lists(st.text("abs ", max_size=4)))
def test_iou_is_symmetric_and_a_share(a: list[str], b: list[str]) -> None:
    assert compare_names(a, b).iou == compare_names(b, a).iou
    assert 0 <= compare_names(a, b).iou <= 1
    assert compare_names(a, [*a, *a]).iou == 1
