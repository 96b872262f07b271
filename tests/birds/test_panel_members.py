from __future__ import annotations

from collections import Counter

from diffex_cli.birds.attributes import ATTRIBUTES
from diffex_cli.birds.panel.formulas import Formula
from diffex_cli.birds.panel.members import PANEL, Planted
from diffex_cli.birds.species import SPECIES

PLANTED = [member.source for member in PANEL.values() if isinstance(member.source, Planted)]
FORMULAS = [member.source for member in PANEL.values() if isinstance(member.source, Formula)]


def test_the_panel_has_enough_of_each_family() -> None:
    families = Counter(member.family for member in PANEL.values())
    assert len(PANEL) >= 24
    assert families["function"] >= 10
    assert families["planted"] >= 11
    assert families["null"] >= 3


def test_every_member_can_be_asked_for_its_target() -> None:
    for name, member in PANEL.items():
        assert member.name == name
        assert member.target in member.labels
        assert member.spec == f"birds:panel-{name}"


def test_shortcuts_of_every_strength_on_different_attributes() -> None:
    assert {planted.strength for planted in PLANTED} == {0.5, 0.75, 0.95, 1.0}
    assert len({planted.attribute for planted in PLANTED}) >= 6
    for planted in PLANTED:
        assert set(planted.values) <= set(ATTRIBUTES[planted.attribute])
        assert len(set(planted.values)) == 2


def test_a_shortcut_is_no_trait_of_its_species() -> None:
    for planted in PLANTED:
        for label in planted.labels:
            assert planted.attribute not in SPECIES[label].traits


def test_formulas_are_of_all_kinds_and_different() -> None:
    assert {member.kind for member in PANEL.values() if member.family == "function"} == {
        "single", "sum of 2", "sum of 3", "AND", "XOR",
    }  # fmt: skip
    assert len(set(map(str, FORMULAS))) == len(FORMULAS)
    weights = [term.weight for formula in FORMULAS for term in formula.terms]
    assert min(weights) < 0 < max(weights)
