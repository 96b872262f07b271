import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.core.wording import canonical, present


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tall Crests", "a tall crest"),
        ("wing colour", "The Color of the Wings"),
        ("grey beard", "Gray  beard"),
        ("curled leaves", "curled leaf"),
        ("missing teeth", "missing tooth"),
        ("V-neckline", "v neckline"),
        ("ｆｕｌｌ beard", "full beard"),
        ("moustache", "mustaches"),
    ],
)
def test_the_same_attribute_in_two_forms(one: str, other: str) -> None:
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("red beak", "red head"),
        ("white spots on black wings", "black spots on white wings"),
        ("glass", "grass"),
        ("crest", "no crest"),
        ("白い頭", "黒い頭"),
    ],
)
def test_two_attributes(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@settings(deadline=None, max_examples=60)
@given(st.text())
def test_a_canonical_form_is_its_own(name: str) -> None:
    form = canonical(name)
    assert canonical(form) == form
    assert canonical(f"  {name} ") == form


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(["red", "crest", "wing", "leaf", "colour", "of", "the", "a", "bars"]), max_size=6))
def test_case_and_spaces_do_not_matter(words: list[str]) -> None:
    assert canonical("  ".join(words).upper()) == canonical("-".join(words))


@pytest.mark.parametrize(
    ("phrase", "thing"),
    [
        ("no crest", "crest"),
        ("Without any glasses", "glasses"),
        ("absence of the pacemaker", "pacemaker"),
        ("remove the beard", "beard"),
        ("nose", None),
        ("no", None),
        ("nocturnal light", None),
        ("removable collar", None),
    ],
)
def test_an_absence_names_what_is_absent(phrase: str, thing: str | None) -> None:
    assert present(phrase) == thing
