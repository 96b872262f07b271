"""The order of the panel: independent of the input's, and every beginning a small picture of the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.search.algorithm.panel import panel_order

IMAGES = st.dictionaries(st.text(max_size=4), st.sampled_from(["jay", "owl", None]), min_size=1, max_size=40)


@given(images=IMAGES, data=st.data())
def test_it_does_not_depend_on_the_order_of_the_input(images: dict[str, str | None], data: st.DataObject) -> None:
    keys, shuffled = list(images), data.draw(st.permutations(list(images)))
    first = [keys[index] for index in panel_order(keys, [images[key] for key in keys])]
    second = [shuffled[index] for index in panel_order(shuffled, [images[key] for key in shuffled])]
    assert first == second
    assert sorted(first) == sorted(keys)


@given(images=IMAGES)
def test_every_beginning_is_stratified(images: dict[str, str | None]) -> None:
    keys, strata = list(images), list(images.values())
    order = panel_order(keys, strata)
    names = set(strata)
    for n in range(1, len(order) + 1):
        for name in names:
            held = sum(strata[index] == name for index in order[:n])
            share = n * strata.count(name) / len(keys)
            # systematic sampling: each stratum is off by less than one, which moves the others by less than one each
            assert abs(held - share) <= len(names)


def test_it_is_not_the_order_of_the_keys() -> None:
    keys = [f"{index:02}" for index in range(40)]
    order = panel_order(keys)
    assert sorted(order) == list(range(40))
    assert list(order) != sorted(order)
    assert sum(index < 20 for index in order[:20]) in range(4, 17)


def test_a_rare_stratum_does_not_always_come_first() -> None:
    places = []
    for panel in range(40):
        keys = [f"{panel}/{index}" for index in range(48)]
        places.append(panel_order(keys, [index == 0 for index in range(48)]).index(0))
    assert min(places) < 12
    assert max(places) >= 36
    assert 16 < sum(places) / len(places) < 31


def test_what_a_stratum_is_called_does_not_matter() -> None:
    keys = [f"image {index}" for index in range(12)]
    assert panel_order(keys, [index % 3 for index in range(12)]) == panel_order(keys, ["xyz"[i % 3] for i in range(12)])


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="occurs twice"):
        panel_order(["a", "a"])
    with pytest.raises(ValueError, match="2 images, but 1 strata"):
        panel_order(["a", "b"], ["x"])
