from __future__ import annotations

import itertools

import numpy as np
import pytest

from diffex_cli.birds.panel.formulas import Formula, Has, additive, conjunction, exclusive, has

HEAD, SNOW = has("head", "red"), has("background", "snow", "desert")
CORNERS = np.array(list(itertools.product((0.0, 1.0), repeat=2)))


def values(formula: Formula) -> list[float]:
    """Without the two attributes, with the second, with the first, with both."""
    table = {HEAD: CORNERS[:, 0], SNOW: CORNERS[:, 1]}
    return list(formula.logit(lambda one: table[one]))


def test_a_conjunction_acts_only_where_all_are_there() -> None:
    assert values(conjunction(4, HEAD, SNOW)) == [-2, -2, -2, 2]


def test_an_exclusive_or_acts_where_one_of_two_is_there() -> None:
    assert values(exclusive(3, HEAD, SNOW)) == [-1.5, 1.5, 1.5, -1.5]


def test_a_sum_acts_by_each_with_its_sign() -> None:
    assert values(additive((3, HEAD), (-1, SNOW))) == [-1, -2, 2, 1]


def test_it_reads_as_what_it_is() -> None:
    assert str(exclusive(3, HEAD, SNOW)) == (
        "-1.5 +3·[head=red] +3·[background=snow|desert] -6·[head=red]·[background=snow|desert]"
    )


@pytest.mark.parametrize(("attribute", "named"), [("horn", ("red",)), ("head", ("plaid",)), ("head", ("red", "red"))])
def test_what_no_bird_can_have_is_refused(attribute: str, named: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no attribute of the birds"):
        Has(attribute, named)
    with pytest.raises(ValueError, match="no attribute of the birds"):
        Has("head", ())
