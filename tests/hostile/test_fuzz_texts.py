"""Every reader of short texts: specs, targets, and what language models answer."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path

from fuzz import BOUNDED, damaged, outcome
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import choice, file, number, read_options, switch, text, whole
from diffex_cli.corpus.generation.reading import read, schema
from diffex_cli.language_models.answers import parse_answer
from diffex_cli.language_models.base import MalformedAnswer, Question, Usage
from diffex_cli.language_models.relaxed_json import Broken, read_value
from diffex_cli.language_models.thoughts import hear
from diffex_cli.measure.targets import parse


@dataclasses.dataclass(frozen=True)
class Options:
    steps: int = whole(20, 1, 999)
    weight: float = number(0.5, 0, 1)
    mask: str = choice("none", ("none", "both"))
    fast: bool = switch(False)
    note: str | None = text(None)
    labels: Path | None = file()


SPECS = (
    b"ledits:birds:steps=8,weight=0.25,mask=both",
    b"onnx:'epoch=3.onnx':fast=yes,note=\"a,b\"",
    b"http:http://localhost:8000:labels=/nowhere,steps=1e3",
)
ANSWER = b'{"attributes": [{"name": "red hat", "prompt": "a red hat", "remove": false, "editable": true}]}'
SLOPPY = b"<think>well {</think> Sure:\n```json\n{'attributes': [{name: \"a hat\", synonyms: [], /* x */}]}\n```"
QUESTION = Question(system="", text="?", name="attributes", schema=schema(passages=False))
odd_text = st.text(st.characters(), max_size=30)


def text_of(content: bytes) -> str:
    return content.decode("utf-8", "replace")


@BOUNDED
@given(st.sampled_from(SPECS).flatmap(damaged))
def test_specs(content: bytes) -> None:
    outcome(lambda: read_options(parse_spec(text_of(content)), Options()))


@BOUNDED
@given(odd_text, st.lists(odd_text, min_size=1, max_size=4))
def test_targets(name: str, labels: list[str]) -> None:
    target = parse(name, labels)
    assert target is None or target.column is None or target.column < len(labels)
    assert parse(labels[0], labels) is not None


@BOUNDED
@given(st.sampled_from((ANSWER, SLOPPY)).flatmap(damaged))
def test_answers_of_language_models(content: bytes) -> None:
    told = text_of(content)
    hear(told)
    with contextlib.suppress(Broken):
        read_value(told)
    with contextlib.suppress(MalformedAnswer):
        answer = parse_answer(told, QUESTION, Usage(1, 1, 0), model="m", limit=9, cut_off=False)
        assert all(len(problem) < 500 for problem in read(answer.content, breadth=5).complaints)
