import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diffex_cli.editors.regions.feather import feathered, grown, rim

MASKS = arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def box(shape: tuple[int, int], rows: slice, columns: slice) -> np.ndarray:
    inside = np.zeros(shape, np.bool_)
    inside[rows, columns] = True
    return inside


def distance(inside: np.ndarray) -> np.ndarray:
    """To the nearest pixel outside, by brute force."""
    ys, xs = np.nonzero(~inside)
    rows, columns = np.indices(inside.shape)
    away = (rows[..., None] - ys) ** 2 + (columns[..., None] - xs) ** 2
    return np.sqrt(away.min(axis=-1, initial=10**6))


def test_an_edit_fades_in_within_its_region() -> None:
    shares = feathered(box((20, 30), slice(4, 16), slice(5, 25)), 3)
    assert shares[9, :10].tolist() == [0, 0, 0, 0, 0, 64, 128, 192, 255, 255]
    assert shares[4:8, 15].tolist() == [64, 128, 192, 255]


def test_without_a_rim_it_is_all_there() -> None:
    inside = box((8, 8), slice(2, 5), slice(3, 7))
    assert (feathered(inside, 0) == inside * 255).all()


def test_the_picture_s_own_border_is_no_rim() -> None:
    shares = feathered(box((10, 20), slice(0, 10), slice(0, 12)), 4)
    assert (shares[:, :8] == 255).all()
    assert (shares[:, 12:] == 0).all()


@pytest.mark.parametrize("thickness", [1, 2, 3, 4])
def test_what_is_thinner_than_its_rim_is_seen(thickness: int) -> None:
    shares = feathered(box((20, 20), slice(8, 8 + thickness), slice(2, 18)), 6)
    assert (shares[:, 6:14].max(axis=0) == 255).all()


@given(MASKS, st.integers(0, 6))
def test_nothing_changes_outside_and_something_does_inside(inside: np.ndarray, pixels: int) -> None:
    shares = feathered(inside, pixels)
    assert ((shares > 0) == inside).all()
    assert not inside.any() or shares.max() == 255


@given(MASKS, st.integers(0, 6))
def test_a_region_grows_by_a_distance(inside: np.ndarray, pixels: int) -> None:
    assert (grown(inside, pixels) == (distance(~inside) <= pixels)).all()


def test_the_rim_goes_by_the_picture_s_size() -> None:
    assert [rim(size, None) for size in ((128, 96), (20, 16), (1024, 1024))] == [2, 1, 16]
    assert rim((128, 96), 0) == 0
