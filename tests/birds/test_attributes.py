import dataclasses
import random

import pytest

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, caption, phrase, random_bird


def test_a_caption_names_every_attribute_once() -> None:
    bird = random_bird(random.Random(1))
    parts = caption(bird).split(", ")
    assert parts == [phrase(name, bird.value(name)) for name in ATTRIBUTES]
    assert len(set(parts)) == len(ATTRIBUTES)


def test_phrases_are_unambiguous() -> None:
    phrases = [phrase(name, value) for name, values in ATTRIBUTES.items() for value in values]
    assert len(set(phrases)) == len(phrases)


def test_records_survive_as_plain_values() -> None:
    bird = random_bird(random.Random(2))
    assert Bird.from_dict(bird.as_dict()) == bird
    assert {type(value) for value in bird.as_dict().values()} <= {str, bool, float, int}


def test_counterfactuals_differ_only_where_asked() -> None:
    bird = random_bird(random.Random(3), crest="no")
    other = bird.with_values(crest="tall")
    changed = {f.name for f in dataclasses.fields(Bird) if getattr(bird, f.name) != getattr(other, f.name)}
    assert changed == {"crest"}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_unknown_values_are_refused(attribute: str) -> None:
    bird = random_bird(random.Random(4))
    with pytest.raises(ValueError, match=f"{attribute}='striped' is not one of {ATTRIBUTES[attribute][0]}"):
        bird.with_values(**{attribute: "striped"})


def test_jitter_is_no_attribute() -> None:
    with pytest.raises(KeyError):
        random_bird(random.Random(5)).value("texture")


def test_random_birds_are_uniform_but_for_what_is_fixed() -> None:
    rng = random.Random(6)
    birds = [random_bird(rng, belly="gray") for _ in range(600)]
    assert {bird.belly for bird in birds} == {"gray"}
    for name, values in ATTRIBUTES.items():
        if name == "belly":
            continue
        shares = [sum(bird.value(name) == value for bird in birds) / len(birds) for value in values]
        assert all(abs(share - 1 / len(values)) < 0.08 for share in shares), name
