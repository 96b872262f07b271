"""What is asked, in the same words of people and of language models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, TypeAlias

from diffex_cli.artifacts.review import ANSWERS

Kind: TypeAlias = Literal["quality", "identify", "joint", "review"]
"""``review`` is no study of the paper's: people look at what a verifier saw (:mod:`diffex_cli.study.review`)."""
Method: TypeAlias = Literal["words", "picture", "heatmap"]

METHODS: tuple[Method, ...] = ("words", "picture", "heatmap")
"""How an edit is explained: by its attribute's name, not at all, or by a heat map over it."""

LOWEST, HIGHEST = 1, 5
"""Ends of the scale of the paper's studies 1 and 3."""


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """One thing that is asked about an item.

    Attributes:
        name: its key in a file of answers.
        title: in a table.
        low, high: what 1 and 5 mean; empty for a choice.
        options: what to choose from, the same for all items in this order; empty where an item has its own.
    """

    name: str
    title: str
    text: str
    low: str = ""
    high: str = ""
    options: tuple[str, ...] = ()

    @property
    def rated(self) -> bool:
        """It is answered by a number from 1 to 5, not by a choice."""
        return bool(self.low)


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """What a kind of study says: ``introduction`` before the first item, ``named`` before an item's words, and
    ``titles`` above its pictures."""

    title: str
    introduction: tuple[str, ...]
    queries: tuple[Query, ...]
    named: str
    titles: tuple[str, ...] = ("Before", "After", "Hint: bright is what mattered")


_DISENTANGLEMENT = Query(
    "disentanglement",
    "Disentanglement",
    "Apart from that, is everything as it was before?",
    "much else changed",
    "nothing else changed",
)

WORDINGS: Mapping[Kind, Wording] = {
    "quality": Wording(
        "Pictures before and after an edit",
        (
            "You will see pairs of pictures, before and after an edit. The edit was made by a computer program, which "
            "was asked to change one thing. Above the pair it says what the picture after the edit should show.",
            "Please say how well it does, and whether anything else changed. There is no right answer: go by what "
            "you see.",
        ),
        (
            Query(
                "quality",
                "Edit quality",
                "Does the picture after the edit show it?",
                "not at all",
                "clearly",
            ),
            _DISENTANGLEMENT,
        ),
        "After the edit, the picture should show:",
    ),
    "identify": Wording(
        "What was changed?",
        (
            "You will see pairs of pictures, before and after an edit. The edit was made by a computer program, which "
            "was asked to change one thing. Some pairs come with a hint: a few words, or a third "
            "picture in which bright colors mark what mattered to another program.",
            "Please choose the words that explain best what was changed. If you are not sure, choose what seems most "
            "likely.",
        ),
        (Query("choice", "Correct", "Which of these explains best what was changed?"),),
        "A hint in words:",
    ),
    "joint": Wording(
        "Pictures before and after an edit",
        (
            "You will see pairs of pictures, before and after an edit. The edit was made by a computer program, which "
            "was asked to change one thing or several. Above the pair it says what the picture after the edit should "
            "show.",
            "Please say whether anything else changed. There is no right answer: go by what you see.",
        ),
        (_DISENTANGLEMENT,),
        "After the edit, the picture should show:",
    ),
    "review": Wording(
        "What do these pictures show?",
        (
            "You will see pictures, one at a time, and a few words with each. Some of the pictures were changed by a "
            "computer program, some were not.",
            "Please say whether the picture shows what the words name. Go by what you see, not by what is likely; if "
            "the picture does not settle it, or the words do not fit it, answer ‘cannot tell’.",
        ),
        (Query("seen", "Seen", "Does the picture show it?", options=ANSWERS),),
        "Look for:",
        ("Picture",),
    ),
}

METHOD_TITLES: Mapping[Method, str] = {
    "words": "Edit and words (diffex)",
    "picture": "Edit alone",
    "heatmap": "Heat map",
}
