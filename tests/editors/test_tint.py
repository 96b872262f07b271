import time
from collections.abc import Mapping

import pytest
from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.tint import TintEditor, colour

PICTURE = Image.new("RGB", (4, 4), (10, 20, 30))
RED, BLUE = Term("a", "red"), Term("b", "blue")


def edit(spec: str, candidate: Candidate, images: Mapping[str, Image.Image] | None = None) -> Image.Image:
    (result,) = TintEditor(parse_spec(spec)).edit(images or {"i": PICTURE}, [EditRequest("k", "i", candidate)], 0)
    assert result.key == "k"
    assert result.image is not None
    return result.image


def test_it_is_installed() -> None:
    assert find(EDITORS, "tint") is TintEditor


def test_the_reconstruction_is_the_picture() -> None:
    assert edit("tint:", RECONSTRUCTION).tobytes() == PICTURE.tobytes()


def test_the_prompt_picks_the_colour() -> None:
    assert edit("tint:strength=1", Candidate((RED,))).getpixel((0, 0)) == colour(RED)
    removed = Term("a", "red", remove=True)
    assert tuple(map(sum, zip(colour(RED), colour(removed), strict=True))) == (255, 255, 255)
    assert edit("tint:strength=0", Candidate((RED,))).tobytes() == PICTURE.tobytes()
    weak = Term("a", "red", overrides={"strength": 0.0})
    assert edit("tint:strength=1", Candidate((weak,))).tobytes() == PICTURE.tobytes()


def test_ids_do_not_matter() -> None:
    one, other = Candidate((RED, BLUE)), Candidate((Term("b", "red"), Term("a", "blue")))
    assert edit("tint:", one).tobytes() == edit("tint:", other).tobytes()


def test_results_come_one_by_one() -> None:
    editor = TintEditor(parse_spec("tint::delay=0.05"))
    results = editor.edit({"i": PICTURE}, [EditRequest(str(n), "i", RECONSTRUCTION) for n in range(99)], 0)
    start = time.perf_counter()
    assert next(results).seconds >= 0.05
    assert time.perf_counter() - start < 3


def test_only_pixels_are_in_the_fingerprint() -> None:
    prints = [TintEditor(parse_spec(spec)).fingerprint for spec in ("tint", "tint::delay=1", "tint:strength=0.5")]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("tint:strong=1", "unknown option 'strong'.*did you mean 'strength'"),
        ("tint:strength=2", "'tint:strength=2': strength must be a number from 0 to 1, not '2'"),
        ("tint:strength=nan", "must be a number"),
        ("tint:delay=soon", "delay must be a number from 0 to 3600, not 'soon'"),
        ("tint:birds", "takes no model"),
    ],
)
def test_bad_specs_are_one_sentence(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        TintEditor(parse_spec(spec))
