import random

import pytest
from PIL import Image

from diffex_cli.artifacts.keys import image_key
from diffex_cli.birds import samples
from diffex_cli.birds.editor import RenderEditor
from diffex_cli.birds.meanings import COARSE, FINE, MEANINGS
from diffex_cli.birds.renderer import render
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.editors.base import EditRequest, EditResult

KEY = list(samples.pictures())[3]
BIRD = samples.records()[KEY]


def edit(*requests: tuple[str, Candidate], seed: int = 0) -> list[EditResult]:
    editor = RenderEditor(parse_spec("render:birds"))
    asked = [EditRequest(str(n), image, candidate) for n, (image, candidate) in enumerate(requests)]
    return list(editor.edit(samples.pictures(), asked, seed))


def one(*terms: Term, seed: int = 0) -> Image.Image:
    (result,) = edit((KEY, Candidate(terms)), seed=seed)
    assert (result.status, result.reason) == ("ok", None)
    assert result.image is not None
    return result.image


def test_it_is_installed() -> None:
    assert find(EDITORS, "render") is RenderEditor


def test_the_reconstruction_is_the_picture() -> None:
    assert image_key(one()) == KEY


@pytest.mark.parametrize("prompt", random.Random(0).sample(list(FINE), 8))
def test_edits_are_exact(prompt: str) -> None:
    ((attribute, value),) = FINE[prompt]
    assert one(Term("a", prompt)).tobytes() == render(BIRD.with_values(**{attribute: value})).tobytes()


def test_several_terms_add_up() -> None:
    exact = render(BIRD.with_values(crest="tall", eye="red"))
    assert one(Term("a", "tall crest"), Term("b", "red eye")).tobytes() == exact.tobytes()


def test_removing() -> None:
    tall = Candidate((Term("a", "tall crest"), Term("b", "crest", remove=True)))
    (result,) = edit((KEY, tall))
    assert result.image is not None
    assert result.image.tobytes() == render(BIRD.with_values(crest="no")).tobytes()


def test_a_coarse_prompt_is_one_of_its_options_whatever_the_seed() -> None:
    for prompt in COARSE:
        made = one(Term("a", prompt))
        assert made.tobytes() == one(Term("b", prompt), seed=7).tobytes()
        options = [render(BIRD.with_values(**{name: value})).tobytes() for name, value in MEANINGS[prompt]]
        assert made.tobytes() in options


def test_placebos_change_nothing() -> None:
    assert image_key(one(Term("a", "top hat"))) == KEY


def test_what_it_cannot_draw_fails_with_a_reason_and_ends_nothing() -> None:
    results = edit(
        ("0" * 64, RECONSTRUCTION), (KEY, Candidate((Term("a", "purple hat"),))), (KEY, Candidate((Term("a", "hat"),)))
    )
    assert [(result.key, result.status) for result in results] == [("0", "failed"), ("1", "failed"), ("2", "ok")]
    assert results[0].image is results[1].image is None
    assert results[0].reason == "not one of the embedded birds: no record to render"
    assert results[1].reason == "no bird can be drawn with 'purple hat'"


@pytest.mark.parametrize("spec", ["render", "render:cats", "render:birds:strength=2"])
def test_other_specs_are_refused(spec: str) -> None:
    with pytest.raises(UsageError, match="exists as render:birds only, without options"):
        RenderEditor(parse_spec(spec))


def test_the_fingerprint_is_stable() -> None:
    assert RenderEditor(parse_spec("render:birds")).fingerprint == RenderEditor(parse_spec("render:birds")).fingerprint
