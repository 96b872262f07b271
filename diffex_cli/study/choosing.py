"""Which edits are shown: drawn by lot from all that changed something, never picked by how they look."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.study.order import shuffled
from diffex_cli.study.study import Item
from diffex_cli.study.wording import Method

OPTIONS = 4
"""Words to choose from, as in the paper's study 2."""

MANY = 4
"""So many attributes at once, or more, are one group, as in the paper's study 3."""


@dataclasses.dataclass(frozen=True, slots=True)
class Edited:
    """A candidate and the pictures that were made of it.

    Attributes:
        size: how many attributes it changes.
        group: it has finer attributes below it.
        edits: input image's key → edit's key, of edits that changed something.
    """

    candidate: str
    name: str
    size: int
    group: bool
    edits: Mapping[str, str]


@dataclasses.dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose from: an attribute's id and name."""

    id: str
    name: str


def quality_items(edited: Sequence[Edited], attributes: int, images: int, seed: int) -> tuple[Item, ...]:
    """Pairs of study 1: at most so many single attributes, each on so many images.

    Args:
        edited: the most important first; groups count only where there are too few finer attributes.

    Raises:
        UsageError: no attribute has so many pictures.
    """
    singles = _finest_first([one for one in edited if one.size == 1])
    return _rated(_of_enough(singles, images)[:attributes], images, seed)


def joint_items(edited: Sequence[Edited], attributes: int, images: int, seed: int) -> tuple[Item, ...]:
    """Pairs of study 3: single attributes and sets of several, at most ``attributes`` of every size, each on so many
    images.

    Args:
        edited: sets and their parts, the most important first.

    Raises:
        UsageError: there are no sets, or none has so many pictures.
    """
    if all(one.size == 1 for one in edited):
        raise UsageError("the search tried no attributes together: run `diffex search --joint 4` first")
    enough = _of_enough(edited, images)
    if not any(one.size > 1 for one in enough):
        raise UsageError(f"no set of attributes has edits of {images} images: ask for fewer with --per-attribute")
    sizes = sorted({min(one.size, MANY) for one in enough})
    chosen = [one for size in sizes for one in [one for one in enough if min(one.size, MANY) == size][:attributes]]
    return _rated(chosen, images, seed)


def identify_items(
    edited: Sequence[Edited],
    choices: Sequence[Choice],
    methods: Sequence[Method],
    attributes: int,
    images: int,
    seed: int,
) -> tuple[Item, ...]:
    """Items of study 2, a Latin square: a participant sees an attribute by every method, each on other images, and a
    picture by one method only; over the participants every picture is seen by every method.

    Args:
        edited: the most important first.
        choices: the corpus' attributes, of which the wrong answers are drawn: from other features (parents) than the
            right one, and each from another.
        images: for each attribute and method.

    Raises:
        UsageError: no attribute has enough pictures, or there are too few features for wrong answers.
    """
    turns = len(methods)
    singles = _finest_first([one for one in edited if one.size == 1])
    items = []
    for one in _of_enough(singles, images * turns)[:attributes]:
        options = _options(one, choices, seed)
        drawn = _drawn(one, images * turns, seed)
        for place, image in enumerate(drawn):
            for number, method in enumerate(methods):
                turn = (number - place) % turns
                items.append(_item(one, image, turn=turn, method=method, options=options))
    return tuple(items)


def _finest_first(edited: Sequence[Edited]) -> list[Edited]:
    return sorted(edited, key=lambda one: one.group)


def _of_enough(edited: Sequence[Edited], images: int) -> list[Edited]:
    enough = [one for one in edited if len(one.edits) >= images]
    if not enough:
        most = max((len(one.edits) for one in edited), default=0)
        raise UsageError(
            f"the study needs edits of {images} images for an attribute, and the run has {most} at most: "
            "ask for fewer with --per-attribute, or search more images"
        )
    return enough


def _rated(chosen: Sequence[Edited], images: int, seed: int) -> tuple[Item, ...]:
    return tuple(_item(one, image) for one in chosen for image in _drawn(one, images, seed))


def _drawn(one: Edited, images: int, seed: int) -> tuple[str, ...]:
    return shuffled(sorted(one.edits), f"{seed}/images/{one.candidate}")[:images]


def _item(one: Edited, image: str, *, turn: int = 0, method: str = "", options: tuple[str, ...] = ()) -> Item:
    return Item(
        id="",
        turn=turn,
        candidate=one.candidate,
        name=one.name,
        image=image,
        edit=one.edits[image],
        size=one.size,
        method=method,
        options=options,
    )


def _options(one: Edited, choices: Sequence[Choice], seed: int) -> tuple[str, ...]:
    own = one.candidate.removeprefix("-")
    features, words = {_feature(own)}, {one.name.casefold()}
    options = [one.name]
    for choice in shuffled(choices, f"{seed}/options/{one.candidate}"):
        related = own.startswith(f"{choice.id}/") or choice.id.startswith(f"{own}/")
        if related or _feature(choice.id) in features or choice.name.casefold() in words:
            continue
        features.add(_feature(choice.id))
        words.add(choice.name.casefold())
        options.append(choice.name)
        if len(options) == OPTIONS:
            return tuple(options)
    raise UsageError(
        f"the corpus has only {len(options) - 1} features beside that of {one.name!r}, and a choice of {OPTIONS} needs "
        f"{OPTIONS - 1}: take a corpus with more attributes"
    )


def _feature(id: str) -> str:
    """What an attribute is a value of: its parent, or itself if it is a root."""
    return id.rpartition("/")[0] or id
