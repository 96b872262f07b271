from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.editing import Masking
from diffex_cli.editors.ledits.options import (
    BIRDS_DEFAULTS,
    BIRDS_PRESETS,
    LeditsOptions,
    check_override,
    parse_options,
)
from diffex_cli.editors.models.sizes import fit, restore


def test_options_are_read_by_their_type() -> None:
    options = parse_options({"steps": "8", "guidance": "2", "mask": "none", "dtype": "bfloat16"}, LeditsOptions())
    assert (options.steps, options.guidance, options.mask, options.dtype) == (8, 2.0, "none", "bfloat16")
    assert isinstance(options.guidance, float)
    assert parse_options({}, BIRDS_DEFAULTS) == BIRDS_DEFAULTS


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"guidence": "3"}, "no option 'guidence' .did you mean 'guidance'"),
        ({"steps": "many"}, "steps=many: not a number"),
        ({"steps": "2.5"}, "steps=2.5: not a number"),
        ({"steps": "0"}, "steps=0: must lie between 1 and 999"),
        ({"threshold": "1.01"}, "threshold=1.01: must lie between 0 and 1"),
        ({"guidance": "nan"}, "guidance=nan: must lie between 0 and 100"),
        ({"guidance": "-3"}, "guidance=-3: must lie between 0 and 100"),
        ({"mask": "some"}, "mask=some: choose one of auto, both, attention, guidance, none"),
        ({"compile": "maybe"}, "compile=maybe: write true or false"),
        ({"preset": "quick"}, "preset=quick: choose one of fast, fine"),
        ({"dtype": "int8"}, "dtype=int8: choose one of auto, float32, bfloat16, float16"),
    ],
)
def test_bad_options_are_one_sentence(given: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_options(given, LeditsOptions())


def test_a_preset_stands_for_options_and_given_ones_go_first() -> None:
    fast = parse_options({"preset": "fast"}, BIRDS_DEFAULTS, BIRDS_PRESETS)
    assert fast == parse_options({"steps": str(BIRDS_PRESETS["fast"]["steps"])}, BIRDS_DEFAULTS)
    assert fast.steps < BIRDS_DEFAULTS.steps
    assert parse_options({"steps": "9", "preset": "fast"}, BIRDS_DEFAULTS, BIRDS_PRESETS).steps == 9
    assert parse_options({"compile": "Yes"}, LeditsOptions()).compile is True


def test_what_is_left_open_follows_the_stock_pipelines() -> None:
    assert LeditsOptions().masking(is_xl=False) == Masking("both", 4, 800)
    assert LeditsOptions().masking(is_xl=True) == Masking("guidance", 4, 1000)
    assert LeditsOptions(mask="both", attention=2).masking(is_xl=True) == Masking("both", 2, 1000)
    assert [LeditsOptions().zeroed(is_xl) for is_xl in (False, True)] == [0, 3]
    assert LeditsOptions(zero_noise=2).zeroed(is_xl=False) == 2
    assert LeditsOptions(steps=3).zeroed(is_xl=True) == 2


def test_skip_follows_the_stock_pipelines_rule() -> None:
    starts = {skip: LeditsOptions(steps=50, skip=skip).start_timestep() for skip in (0.0, 0.1, 0.15, 0.2)}
    assert starts == {0.0: 951, 0.1: 851, 0.15: 851, 0.2: 801}, "0.1 and 0.15 are the same, as in the stock pipelines"
    assert LeditsOptions(start=700, skip=0.2).start_timestep() == 700


def test_a_given_skip_replaces_a_default_start() -> None:
    assert BIRDS_DEFAULTS.start_timestep() == BIRDS_DEFAULTS.start
    assert parse_options({"skip": "0.2", "steps": "50"}, BIRDS_DEFAULTS).start_timestep() == 801
    assert parse_options({"skip": "0.2", "start": "500"}, BIRDS_DEFAULTS).start_timestep() == 500


def test_overrides() -> None:
    check_override("guidance", 4.0, "head/crest")
    check_override("image_guidance", 1.5, "head/crest")  # of another editor
    for key, value, sentence in (
        ("guidence", 4.0, "corpus node head/crest: .*'guidence'.*guidance"),
        ("threshold", 2.0, "corpus node head/crest: threshold=2 must lie between 0 and 1"),
        ("warmup", float("nan"), "corpus node head/crest: warmup=nan"),
    ):
        with pytest.raises(UsageError, match=sentence):
            check_override(key, value, "head/crest")


sides = st.integers(1, 4000)


@given(size=st.tuples(sides, sides), longer=st.integers(32, 1024), multiple=st.sampled_from([16, 32]))
def test_sizes_fit_the_model(size: tuple[int, int], longer: int, multiple: int) -> None:
    width, height = fit(size, longer, multiple)
    assert width % multiple == height % multiple == 0
    assert abs(max(width, height) - longer) <= multiple / 2
    for fitted, side in ((width, size[0]), (height, size[1])):
        wanted = side * longer / max(size)
        assert abs(fitted - wanted) <= multiple / 2 or fitted == multiple > wanted


@pytest.mark.parametrize("size", [(70, 50), (1, 300), (64, 64)])
def test_restoring_gives_the_old_size(size: tuple[int, int]) -> None:
    assert restore(Image.new("RGB", (64, 64), (9, 9, 9)), size).size == size


def test_a_computable_image_is_left_alone() -> None:
    image = Image.new("RGB", (128, 96))
    assert fit(image.size, 128, 16) == image.size
    assert restore(image, image.size) is image
