"""What is asked, in the same words of people and of language models."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["quality", "identify", "joint"]
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
    """

    name: str
    title: str
    text: str
    low: str = ""
    high: str = ""

    @property
    def rated(self) -> bool:
        """It is answered by a number from 1 to 5, not by a choice."""
        return bool(self.low)


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """What a kind of study says: ``introduction`` before the first item, and ``named`` before an item's words."""

    title: str
    introduction: tuple[str, ...]
    queries: tuple[Query, ...]
    named: str


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
}

METHOD_TITLES: Mapping[Method, str] = {
    "words": "Edit and words (diffex)",
    "picture": "Edit alone",
    "heatmap": "Heat map",
}
