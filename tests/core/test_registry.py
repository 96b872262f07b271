"""How a spec is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import CLASSIFIERS, EDITORS, find, parse_spec, short_spec


@pytest.mark.parametrize(
    ("text", "model", "options"),
    [
        ("ledits:birds", "birds", {}),
        ("ledits:birds:steps=8,guidance=1", "birds", {"steps": "8", "guidance": "1"}),
        ("ledits:steps=8", "", {"steps": "8"}),
        ("python:my.module:score", "my.module:score", {}),
        ("python:my.module:score:batch=4", "my.module:score", {"batch": "4"}),
        ("openai:qwen2.5vl:7b", "qwen2.5vl:7b", {}),
        (
            "openai:qwen:7b:base_url=http://localhost:11434/v1,timeout=5",
            "qwen:7b",
            {"base_url": "http://localhost:11434/v1", "timeout": "5"},
        ),
        ("onnx:/models/a=b.onnx:size=224", "/models/a=b.onnx", {"size": "224"}),
        ("onnx:'epoch=3,step=1:2.onnx':mean=0,std=1", "epoch=3,step=1:2.onnx", {"mean": "0", "std": "1"}),
        ('onnx:"it\'s.onnx"', "it's.onnx", {}),
        ("onnx:it's.onnx:mean=0", "it's.onnx", {"mean": "0"}),
        (
            "timm:vit:weights='run=7, a.pth',labels = \"b\"",
            "vit",
            {"weights": "run=7, a.pth", "labels": "b"},
        ),
        ("a:b:key='x'y", "b", {"key": "'x'y"}),
    ],
)
def test_a_spec_has_a_name_a_model_and_options(text: str, model: str, options: dict[str, str]) -> None:
    spec = parse_spec(text)
    assert (spec.text, spec.name, spec.model, spec.options) == (text, text.partition(":")[0], model, options)


def test_what_is_no_option_is_named() -> None:
    with pytest.raises(UsageError, match="'fast' in 'ledits:birds:steps=8,fast' is not key=value"):
        parse_spec("ledits:birds:steps=8,fast")
    for bad in ("steps=", "steps=8,", "steps=8,,a=1", "=8", "a b=1", "steps= ,a=1"):
        with pytest.raises(UsageError, match=r"is not key=value; quote a path that holds = or ,"):
            parse_spec(f"onnx:steps=1,{bad}")
    with pytest.raises(UsageError, match="names no backend"):
        parse_spec(":birds")


@pytest.mark.parametrize(("group", "kind"), [(EDITORS, "editor"), (CLASSIFIERS, "classifier")])
def test_what_was_an_object_has_to_be_named(group: str, kind: str) -> None:
    spec = parse_spec("object:notebook.<locals>.<lambda>")
    assert spec.name == "object"
    assert spec.model == "notebook.<locals>.<lambda>"
    with pytest.raises(UsageError, match=f"the {kind} of this run was an object .*: name one with --{kind} SPEC"):
        find(group, spec.name)


def test_a_path_that_looks_like_an_option_says_how_to_write_it() -> None:
    from diffex_cli.classifiers.network import NetworkOptions
    from diffex_cli.core.spec_options import read_options

    with pytest.raises(UsageError, match=r"unknown option 'epoch'; there are: .*; quote a path that holds = or , or :"):
        read_options(parse_spec("onnx:epoch=3-step=120.onnx:mean=0,std=1"), NetworkOptions())


@given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_whatever_is_quoted_is_read_as_it_is(path: str) -> None:
    spec = parse_spec(f"onnx:'{path}':weights='{path}',mean=0")
    assert (spec.model, spec.options) == (path, {"weights": path, "mean": "0"})


def test_a_long_spec_is_shortened_to_what_tells_it_apart() -> None:
    assert short_spec("birds:shortcut") == "birds:shortcut"
    long = "onnx:models/gender-v1.onnx:range=255,mean=0.5,std=0.5,labels=labels.txt"
    assert short_spec(long) == "onnx:models/gender-v1.onnx:…"
    path = "transformers:/home/somebody/projects/classifiers/2026/gender-v1"
    assert short_spec(path) == "transformers:…/gender-v1"
    assert len(short_spec("timm:" + "x" * 200)) <= 48
