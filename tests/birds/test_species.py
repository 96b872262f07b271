import random

import pytest

from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.species import LABELS, SPECIES, TRAIT_SHARE, random_specimen

N = 800


def shares(label: str, shortcut: float | None, attribute: str, value: str) -> float:
    rng = random.Random(f"{label}/{shortcut}")
    return sum(random_specimen(rng, label, shortcut).value(attribute) == value for _ in range(N)) / N


@pytest.mark.parametrize("label", LABELS)
def test_birds_mostly_show_their_species_traits(label: str) -> None:
    for attribute, value in SPECIES[label].traits.items():
        expected = TRAIT_SHARE + (1 - TRAIT_SHARE) / len(ATTRIBUTES[attribute])
        assert shares(label, None, attribute, value) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("label", LABELS)
def test_the_background_is_independent_unless_tied(label: str) -> None:
    home = SPECIES[label].home
    assert shares(label, None, "background", home) == pytest.approx(0.2, abs=0.05)
    assert shares(label, 0.95, "background", home) == pytest.approx(0.95, abs=0.03)


def test_homes_are_five_backgrounds() -> None:
    assert {species.home for species in SPECIES.values()} == set(ATTRIBUTES["background"])


def test_no_two_species_are_drawn_alike() -> None:
    assert len({tuple(sorted(species.traits.items())) for species in SPECIES.values()}) == len(LABELS)
