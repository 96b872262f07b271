from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import ranges
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.ledits.editing import Masking
from diffex_cli.editors.ledits.options import (
    BIRDS_DEFAULTS,
    BIRDS_PRESETS,
    CONCEPT_SETTINGS,
    PRESETS,
    LeditsOptions,
    parse_options,
)
from diffex_cli.editors.models.sizes import fit, restore
from diffex_cli.editors.options import check_overrides


def read(
    options: str, defaults: LeditsOptions | None = None, presets: Mapping[str, Mapping[str, int]] = PRESETS
) -> LeditsOptions:
    return parse_options(parse_spec(f"ledits:m:{options}"), defaults or LeditsOptions(), presets)


def test_options_are_read_by_their_type() -> None:
    options = read("steps=8,guidance=2,mask=none,dtype=bfloat16")
    assert (options.steps, options.guidance, options.mask, options.dtype) == (8, 2.0, "none", "bfloat16")
    assert isinstance(options.guidance, float)
    assert parse_options(parse_spec("ledits:birds"), BIRDS_DEFAULTS) == BIRDS_DEFAULTS


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("guidence=3", "'ledits:m:guidence=3': unknown option 'guidence' .did you mean 'guidance'"),
        ("steps=many", "'ledits:m:steps=many': steps must be a whole number from 1 to 999, not 'many'"),
        ("steps=2.5", "steps must be a whole number from 1 to 999, not '2.5'"),
        ("steps=0", "steps must be a whole number from 1 to 999, not '0'"),
        ("threshold=1.01", "threshold must be a number from 0 to 1, not '1.01'"),
        ("guidance=nan", "guidance must be a number from 0 to 100, not 'nan'"),
        ("guidance=-3", "guidance must be a number from 0 to 100, not '-3'"),
        ("mask=some", "mask must be one of auto, both, attention, guidance, none, not 'some'"),
        ("compile=maybe", "compile must be true or false, not 'maybe'"),
        ("preset=quick", "preset must be one of fast, fine, not 'quick'"),
        ("dtype=int8", "dtype must be one of auto, float32, bfloat16, float16, not 'int8'"),
    ],
)
def test_bad_options_are_one_sentence(options: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        read(options)


def test_a_preset_stands_for_options_and_given_ones_go_first() -> None:
    fast = read("preset=fast", BIRDS_DEFAULTS, BIRDS_PRESETS)
    assert fast == read(f"steps={BIRDS_PRESETS['fast']['steps']}", BIRDS_DEFAULTS)
    assert fast.steps < BIRDS_DEFAULTS.steps
    assert read("steps=9,preset=fast", BIRDS_DEFAULTS, BIRDS_PRESETS).steps == 9
    assert read("compile=Yes").compile is True


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
    assert read("skip=0.2,steps=50", BIRDS_DEFAULTS).start_timestep() == 801
    assert read("skip=0.2,start=500", BIRDS_DEFAULTS).start_timestep() == 500


def check(overrides: Mapping[str, float]) -> None:
    request = EditRequest("k", "i", Candidate((Term("head/crest", "crest", overrides=overrides),)))
    check_overrides("ledits", [request], ranges(LeditsOptions, CONCEPT_SETTINGS))


def test_overrides() -> None:
    check({"guidance": 4.0})
    check({"image_guidance": -1.5})  # of another editor
    for key, value, sentence in (
        ("guidence", 4.0, "corpus node head/crest: .*'guidence'.*guidance"),
        ("threshold", 2.0, "corpus node head/crest: threshold=2 must lie between 0 and 1"),
        ("warmup", float("nan"), "corpus node head/crest: warmup=nan"),
    ):
        with pytest.raises(UsageError, match=sentence):
            check({key: value})


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
