import numpy as np
import pytest
from PIL import Image

from diffex_cli.editors.opened import misfit
from diffex_cli.measure.judging import breakage, differ, measure


def noise(low: int = 1, high: int = 255, seed: int = 0) -> Image.Image:
    """Pixels from ``low`` up to, but not including, ``high``."""
    return Image.fromarray(np.random.default_rng(seed).integers(low, high, (10, 8, 3), dtype=np.uint8))


def with_rows(picture: Image.Image, rows: int, colour: tuple[int, int, int]) -> Image.Image:
    """The topmost rows in one colour."""
    pixels = np.array(picture)
    pixels[:rows] = colour
    return Image.fromarray(pixels)


def mask(rows: int, value: int = 255) -> Image.Image:
    pixels = np.zeros((10, 8), dtype=np.uint8)
    pixels[:rows] = value
    return Image.fromarray(pixels)


def test_inside_and_outside_of_the_mask() -> None:
    before = Image.new("RGB", (8, 10), (100, 100, 100))
    after = with_rows(before, 3, (151, 100, 49))
    found = measure(before, after, mask(3))
    assert found.mask_share == pytest.approx(0.3)
    assert found.change_inside == pytest.approx(2 / 3 * 51 / 255)
    assert found.change_outside == 0
    assert found.changed == pytest.approx(0.3)
    assert found.mean_change == pytest.approx(0.3 * 2 / 3 * 51 / 255)
    half = measure(before, after, mask(6))
    assert half.change_inside == pytest.approx(found.change_inside / 2)


def test_a_pixel_is_inside_from_128_on() -> None:
    picture = noise()
    assert measure(picture, picture, mask(5, 127)).mask_share == 0
    assert measure(picture, picture, mask(5, 128)).mask_share == 0.5


def test_a_side_without_pixels_and_no_mask_have_no_figure() -> None:
    before, after = noise(seed=0), noise(seed=1)
    nothing, everything, unknown = (measure(before, after, bounds) for bounds in (mask(0), mask(10), None))
    assert (nothing.mask_share, nothing.change_inside) == (0, None)
    assert nothing.change_outside == pytest.approx(nothing.mean_change)
    assert (everything.mask_share, everything.change_outside) == (1, None)
    assert everything.change_inside == pytest.approx(everything.mean_change)
    assert (unknown.mask_share, unknown.change_inside, unknown.change_outside) == (None, None, None)


def test_only_newly_saturated_pixels_count() -> None:
    before = with_rows(noise(), 4, (0, 7, 255))
    assert measure(before, before).saturated == 0
    assert measure(before, with_rows(before, 4, (255, 8, 0))).saturated == 0
    assert measure(before, with_rows(before, 4, (9, 0, 9))).saturated == pytest.approx(0.4)
    assert measure(before, with_rows(before, 6, (0, 0, 255))).saturated == pytest.approx(0.6)


def test_pictures_differ_beyond_16() -> None:
    picture = Image.new("RGB", (4, 4), (100, 0, 0))
    assert not differ(picture, Image.new("RGB", (4, 4), (100, 16, 0)))
    assert differ(picture, with_rows(picture, 1, (100, 17, 0)))


def test_one_colour_all_over_is_broken_unless_the_input_was() -> None:
    for colour in ((0, 0, 0), (127, 127, 127)):
        blank = Image.new("RGB", (8, 10), colour)
        assert "one colour" in (breakage(noise(), blank, 0.0) or "")
        assert breakage(Image.new("RGB", (8, 10), (3, 3, 3)), blank, 0.0) is None
    assert breakage(noise(), with_rows(noise(), 9, (127, 127, 127)), 0.0) is None


def test_nearly_all_pixels_saturated_is_broken() -> None:
    before = noise()
    blown = np.array(noise(seed=1))
    blown[:, :, 1] = 255
    after = Image.fromarray(blown)
    assert "more than 95%" in (breakage(before, after, measure(before, after).saturated) or "")
    blown[9] = 5
    after = Image.fromarray(blown)
    assert breakage(before, after, measure(before, after).saturated) is None


@pytest.mark.parametrize(
    ("picture", "bounds", "reason"),
    [
        (None, None, "no picture"),
        (Image.new("RGB", (3, 3)), None, "3x3 pixels for 8x10"),
        (Image.new("F", (8, 10), float("inf")), None, "not finite"),
        (noise(), Image.new("L", (8, 9)), "mask of mode L and 8x9"),
        (noise(), Image.new("1", (8, 10)), "mask of mode 1"),
        (noise(), mask(2), None),
    ],
)
def test_what_does_not_fit(picture: Image.Image | None, bounds: Image.Image | None, reason: str | None) -> None:
    found = misfit(noise(), picture, bounds)
    assert found is None if reason is None else reason in str(found)
