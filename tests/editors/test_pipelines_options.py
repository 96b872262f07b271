"""Specs, overrides and wording of the editors that wrap instruction-following pipelines."""

from __future__ import annotations

import pytest

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import ranges, read_options
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.options import check_overrides
from diffex_cli.editors.pipelines import Flux2KleinEditor, FluxKontextEditor, InstructEditor, QwenEditEditor
from diffex_cli.editors.pipelines.base import PipelineEditor
from diffex_cli.editors.pipelines.editors import InstructOptions
from diffex_cli.editors.pipelines.instructions import Wording
from diffex_cli.editors.pipelines.options import OVERRIDES, PipelineOptions, overridden

EDITORS: list[type[PipelineEditor[PipelineOptions]]] = [
    InstructEditor,  # type: ignore[list-item]
    Flux2KleinEditor,
    FluxKontextEditor,
    QwenEditEditor,
]
CREST, TAIL = Term("crest", "tall crest"), Term("a/tail", "long tail", remove=True)


def test_terms_become_one_instruction() -> None:
    swap = Term("beak", "red beak", replaces="yellow beak")
    assert Wording().instruction(Candidate((CREST,))) == "add tall crest"
    assert Wording().instruction(Candidate((TAIL,))) == "remove long tail"
    assert Wording().instruction(Candidate((swap,))) == "replace yellow beak with red beak"
    assert (
        Wording(keep="Change nothing else").instruction(Candidate((CREST, TAIL, swap)))
        == "remove long tail and replace yellow beak with red beak and add tall crest. Change nothing else"
    )


def test_ids_do_not_change_the_instruction() -> None:
    renamed = Candidate((Term("z/tail", "long tail", remove=True), Term("y", "tall crest")))
    assert Wording().instruction(renamed) == Wording().instruction(Candidate((CREST, TAIL)))


def test_braces_in_a_prompt_are_words() -> None:
    assert Wording().instruction(Candidate((Term("x", "a {replaces} sign"),))) == "add a {replaces} sign"


def test_options_are_read() -> None:
    spec = parse_spec("instruct:folder:steps=9,guidance=3.5,image_guidance=2,add=give it {prompt},keep=none,noop=stay")
    options = read_options(spec, InstructOptions(keep="Keep the rest"))
    assert (options.steps, options.guidance, options.image_guidance) == (9, 3.5, 2.0)
    assert (options.add, options.keep, options.noop) == ("give it {prompt}", "", "stay")


@pytest.mark.parametrize("kind", EDITORS)
def test_a_model_is_not_obligatory(kind: type[PipelineEditor[PipelineOptions]]) -> None:
    settings = kind(parse_spec(f"{kind.name}:steps=3")).settings
    assert (settings["model"], settings["weights"], settings["steps"]) == (kind.model, None, 3)
    assert settings["baseline"] == "noop"
    assert kind(parse_spec(f"{kind.name}:some/model:steps=3")).settings["model"] == "some/model"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ("step=3", "'flux-kontext:step=3': unknown option 'step'.*did you mean 'steps'"),
        ("image_guidance=3", "unknown option 'image_guidance'"),
        ("steps=0", "steps must be a whole number from 1 to 999, not '0'"),
        ("steps=some", "steps must be a whole number from 1 to 999, not 'some'"),
        ("guidance=0.5", "guidance must be a number from 1 to 100, not '0.5'"),
        ("baseline=none", "baseline must be one of noop, reconstruction, original, not 'none'"),
        ("offload=all", "offload must be one of none, model, sequential, not 'all'"),
        ("add=add it", r"add must be a text with \{prompt\} and no other braces, not 'add it'"),
        ("remove=drop {thing}", r"must be a text with \{prompt\}"),
        ("replace=swap {prompt}", r"must be a text with \{replaces\} and \{prompt\}"),
        ("add=add {prompt", r"must be a text with \{prompt\}"),
    ],
)
def test_bad_options_are_refused_at_once(options: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        FluxKontextEditor(parse_spec(f"flux-kontext:{options}"))


@pytest.mark.parametrize("changed", ["steps=3", "guidance=2", "size=96", "baseline=original", "add=make {prompt}"])
def test_whatever_changes_pixels_changes_the_fingerprint(changed: str) -> None:
    plain = InstructEditor(parse_spec("instruct")).fingerprint
    assert InstructEditor(parse_spec(f"instruct:{changed}")).fingerprint != plain
    assert InstructEditor(parse_spec("instruct:batch=7,offload=model"), device="cuda").fingerprint == plain


def check(options: PipelineOptions, overrides: dict[str, float]) -> None:
    request = EditRequest("k", "i", Candidate((Term("head", "head", overrides=overrides),)))
    check_overrides("instruct", [request], ranges(options, OVERRIDES))


def test_overrides_of_other_editors_are_ignored_and_unknown_ones_refused() -> None:
    check(InstructOptions(), dict.fromkeys(("threshold", "warmup", "cooldown", "strength"), -5.0))
    check(PipelineOptions(), {"image_guidance": -2.0})
    with pytest.raises(UsageError, match=r"corpus node head: .*'guidence'.*did you mean 'guidance'"):
        check(InstructOptions(), {"guidence": 2.0})
    with pytest.raises(UsageError, match="corpus node head: steps=0 must lie between 1 and 999"):
        check(InstructOptions(), {"steps": 0.0})
    with pytest.raises(UsageError, match="corpus node head: image_guidance=-2 must lie between 1 and 100"):
        check(InstructOptions(), {"image_guidance": -2.0})


def test_the_largest_override_of_a_candidate_counts() -> None:
    options = InstructOptions(steps=20, guidance=7.5, image_guidance=1.5)
    weak = Term("a", "x", overrides={"guidance": 3.0, "steps": 30.0, "threshold": 0.5})
    alone, both = overridden(options, Candidate((weak,))), overridden(options, Candidate((weak, CREST)))
    assert (alone.guidance, alone.steps, alone.image_guidance) == (3.0, 30, 1.5)
    assert (both.guidance, both.steps) == (7.5, 30)
    assert isinstance(alone.steps, int)
    assert overridden(options, Candidate()) == options
