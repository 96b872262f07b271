import io

from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.corpus.generation.pictures import evenly
from diffex_cli.language_models.pictures import small


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 200), st.integers(1, 12), st.integers(0, 20))
def test_even_means_that_no_gap_is_wider_than_two_steps(n: int, k: int, turn: int) -> None:
    chosen = evenly(range(n), k, turn)
    assert len(chosen) == len(set(chosen)) == min(n, k)
    if n > k:
        assert list(chosen) == sorted(chosen)
        gaps = [b - a for a, b in zip((-1, *chosen), (*chosen, n), strict=True)]
        assert max(gaps) <= 2 * n / k + 1


def test_every_class_of_a_sorted_folder_is_shown() -> None:
    files = [f"{label}/{i}" for label in "abc" for i in range(20)]
    assert {name[0] for name in evenly(files, 3)} == set("abc")


def test_turns_show_other_pictures() -> None:
    shown = [evenly(range(60), 6, turn) for turn in range(7)]
    assert shown[0] == evenly(range(60), 6)
    assert len({index for chosen in shown for index in chosen}) == 42
    assert evenly(range(3), 6, 1) == (1, 2, 0)


def test_a_shown_picture_is_small() -> None:
    picture = small(Image.new("RGBA", (2000, 1000), "red"))
    assert picture.media_type == "image/jpeg"
    with Image.open(io.BytesIO(picture.data)) as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (512, 256), "RGB")
