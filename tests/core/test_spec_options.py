"""The one reader of a spec's options: every kind, every bound, one form of sentence."""

import dataclasses
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, parse_spec
from diffex_cli.core.spec_options import (
    choice,
    file,
    need_model,
    number,
    option,
    ranges,
    read_options,
    switch,
    text,
    whole,
)


@dataclasses.dataclass(frozen=True)
class Options:
    steps: int = whole(20, 1, 999)
    count: int | None = whole(None)
    share: float = number(0.5, 0, 1)
    wait: float | None = number(None, above=True)
    crop: float | None = number(None, 0, 1, above=True)
    mask: str = choice("none", ("none", "both"))
    fast: bool = switch(False)
    name: str = text("main")
    where: Path | None = file()
    odd: int | None = option(None, "an odd number", lambda given: {"1": 1, "3": 3}[given])


def read(**options: str) -> Options:
    return read_options(Spec("x:m", "x", "m", options), Options())


def refused(**options: str) -> str:
    with pytest.raises(UsageError) as caught:
        read(**options)
    return str(caught.value)


def test_what_is_not_given_stays_as_it_was() -> None:
    assert read() == Options()
    assert read_options(parse_spec("x:steps=3"), Options(share=0.25)) == Options(steps=3, share=0.25)


def test_every_kind_is_read_by_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").touch()
    found = read(
        steps="7", count="1000000", share="1", wait="0.1", mask="both", fast="Yes", name="none",
        where=str(tmp_path / "labels.txt"), odd="3",
    )  # fmt: skip
    assert found == Options(7, 1000000, 1.0, 0.1, None, "both", True, "none", tmp_path / "labels.txt", 3)
    assert isinstance(found.share, float)
    assert [read(fast=word).fast for word in ("true", "1", "false", "no", "0")] == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": "0"}, "'x:m': steps must be a whole number from 1 to 999, not '0'"),
        ({"steps": "2.5"}, "'x:m': steps must be a whole number from 1 to 999, not '2.5'"),
        ({"count": "0"}, "'x:m': count must be a whole number of at least 1, not '0'"),
        ({"share": "1.01"}, "'x:m': share must be a number from 0 to 1, not '1.01'"),
        ({"share": "nan"}, "'x:m': share must be a number from 0 to 1, not 'nan'"),
        ({"wait": "0"}, "'x:m': wait must be a number above 0, not '0'"),
        ({"wait": "inf"}, "'x:m': wait must be a number above 0, not 'inf'"),
        ({"crop": "0"}, "'x:m': crop must be a number above 0 and up to 1, not '0'"),
        ({"mask": "bth"}, "'x:m': mask must be one of none, both, not 'bth' (did you mean 'both'?)"),
        ({"fast": "maybe"}, "'x:m': fast must be true or false, not 'maybe'"),
        ({"where": "/nowhere"}, "'x:m': where must be a file that exists, not '/nowhere'"),
        ({"odd": "2"}, "'x:m': odd must be an odd number, not '2'"),
    ],
)
def test_one_sentence_says_what_may_be_given(options: dict[str, str], sentence: str) -> None:
    assert refused(**options) == sentence


def test_an_unknown_option_is_named_with_those_that_there_are() -> None:
    assert refused(step="3").startswith(
        "'x:m': unknown option 'step' (did you mean 'steps'?); there are: steps, count,"
    )
    with pytest.raises(UsageError, match=r"unknown option 'steps'; there are: name$"):
        read_options(parse_spec("x:m:steps=3"), Options(), known=("name",))


@given(st.floats() | st.integers(-2000, 2000), st.sampled_from(["steps", "share", "wait", "crop"]))
def test_a_number_is_accepted_where_it_is_in_range(value: float, key: str) -> None:
    bounds = {"steps": (1, 999), "share": (0, 1), "wait": (math.ulp(0), sys.float_info.max), "crop": (math.ulp(0), 1)}[
        key
    ]
    written = repr(value)
    is_right_kind = isinstance(value, int) or key != "steps"
    if is_right_kind and bounds[0] <= value <= bounds[1]:
        assert getattr(read(**{key: written}), key) == value
    else:
        assert f"{key} must be a" in refused(**{key: written})


@given(st.text(min_size=1))
def test_no_text_breaks_the_reader(given: str) -> None:
    for key in ("steps", "count", "share", "crop", "mask", "fast", "odd"):
        found: Options | UsageError
        try:
            found = read(**{key: given})
        except UsageError as error:
            found = error
        assert isinstance(found, Options) or key in str(found)


def test_ranges_of_some_options() -> None:
    assert ranges(Options, ("steps", "share", "mask", "elsewhere")) == {"steps": (1, 999), "share": (0, 1)}


def test_a_model_that_is_needed() -> None:
    assert need_model(parse_spec("x:m:steps=1"), "x:FOLDER") == "m"
    with pytest.raises(UsageError, match=r"^'x:steps=1' names no model: write x:FOLDER$"):
        need_model(parse_spec("x:steps=1"), "x:FOLDER")
