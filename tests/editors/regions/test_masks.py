from pathlib import Path

import numpy as np
import pytest
from asked_regions import HEAD, SIZE, TAIL, check, images, inside, opened
from PIL import Image

from diffex_cli.core.errors import UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(name: str, size: tuple[int, int] = SIZE, value: object = 255, mode: str = "L") -> None:
    """A mask whose left half is of a value and whose right half is black."""
    mask = Image.new(mode, size)
    mask.paste(value, (0, 0, size[0] // 2, size[1]))
    path = Path("masks", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    mask.save(path)


LEFT = np.repeat([[True] * 10 + [False] * 10], 16, axis=0)


@pytest.mark.parametrize("name", ["cat.png", "cat.bmp", "cat.jpg.png", "wild/cat.png"])
@pytest.mark.parametrize("size", [SIZE, (40, 32), (10, 8)])
def test_white_is_inside(name: str, size: tuple[int, int]) -> None:
    save(name, size)
    (cat,) = images("wild/cat.jpg")
    regions = opened("masks:masks")
    assert (inside(regions, cat, HEAD) == LEFT).all()
    assert (inside(regions, cat, HEAD, TAIL) == LEFT).all()


def test_an_image_goes_by_its_key_too() -> None:
    (cat,) = images("wild/cat.jpg")
    save(f"{cat.key[:16]}.png")
    assert (inside(opened("masks:masks"), cat, HEAD) == LEFT).all()


def test_grey_counts_from_the_middle_on() -> None:
    (cat,) = images("cat.png")
    for value, within in ((127, False), (128, True)):
        save("cat.png", value=value)
        assert inside(opened("masks:masks"), cat, HEAD).any() == within


def test_the_fingerprint_is_that_of_the_masks() -> None:
    save("cat.png")
    first = opened("masks:masks").fingerprint
    Path("masks").rename("others")
    assert opened("masks:others").fingerprint == first
    Path("others").rename("masks")
    save("cat.png", value=0)
    assert opened("masks:masks").fingerprint != first


def test_what_does_not_fit_is_one_sentence() -> None:
    cat, dog = images("cat.png", "dog.png")
    with pytest.raises(UsageError, match="there is no folder masks"):
        opened("masks:masks")
    Path("masks").mkdir()
    with pytest.raises(UsageError, match="there are no pictures"):
        check("masks:masks", None, cat)
    save("cat.png")
    with pytest.raises(UsageError, match=r"1 of 2 images have no mask, such as dog.png: save one as masks/dog.png"):
        check("masks:masks", None, cat, dog)
    save("dog.png", (20, 20))
    with pytest.raises(UsageError, match=r"the mask masks/dog.png has 20x20 pixels and dog.png 20x16"):
        check("masks:masks", None, cat, dog)
    save("dog.png")
    save("dog.bmp")
    with pytest.raises(UsageError, match=r"dog.bmp and masks/dog.png are both the mask of dog.png"):
        check("masks:masks", None, cat, dog)
    Path("masks/dog.bmp").unlink()
    Path("masks/dog.png").write_text("no picture")
    with pytest.raises(UsageError, match=r"the mask masks/dog.png cannot be read"):
        check("masks:masks", None, cat, dog)
    save("dog.png", value=1)
    with pytest.raises(UsageError, match=r"has no pixel in dog.png for"):
        check("masks:masks", None, cat, dog)


@pytest.mark.parametrize(
    ("mode", "value", "what"),
    [("RGBA", (255, 255, 255, 255), "transparent parts"), ("I;16", 65535, "more than 8 bits a pixel")],
)
def test_what_could_be_misread_is_refused(mode: str, value: object, what: str) -> None:
    save("cat.png", mode=mode, value=value)
    with pytest.raises(UsageError, match=f"the mask masks/cat.png has {what}"):
        check("masks:masks", None, *images("cat.png"))


def test_what_is_kept_may_leave_nothing() -> None:
    save("cat.png")
    (cat,) = images("cat.png")
    check(None, "masks:masks", cat)
    with pytest.raises(UsageError, match=r"--keep-region masks:masks covers all of the region in cat.png"):
        check("masks:masks", "masks:masks", cat)
    Image.new("1", SIZE, 1).save("masks/cat.png")
    with pytest.raises(UsageError, match=r"--keep-region masks:masks covers the whole picture in cat.png"):
        check(None, "masks:masks", cat)
