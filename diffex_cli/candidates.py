"""A *candidate*: a set of attributes, each added (+) or removed (−), that one edit applies.

The empty candidate is the *reconstruction*: the editor's output when it is asked for nothing. All
effects are measured against it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Term:
    """One attribute of a candidate.

    Attributes:
        node: the corpus node's id, e.g. ``"head/crest/tall-crest"``.
        prompt: the words the editor is given.
        remove: take the attribute away instead of adding it.
        overrides: the node's own editor settings (e.g. ``{"guidance": 4.0, "threshold": 0.9}``).
        replaces: words for what the attribute takes the place of (e.g. ``"long tail"``), which the
            editor takes away in the same edit; empty for nothing.
    """

    node: str
    prompt: str
    remove: bool = False
    overrides: Mapping[str, float] = dataclasses.field(default_factory=dict)
    replaces: str = ""

    @property
    def id(self) -> str:
        """The node's id, with a leading ``-`` if the attribute is removed."""
        return f"-{self.node}" if self.remove else self.node


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """A set of terms, kept sorted by node id."""

    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "terms", tuple(sorted(self.terms, key=lambda term: (term.node, term.remove))))

    @property
    def id(self) -> str:
        """The terms' ids joined by ``" + "``; empty for the reconstruction."""
        return " + ".join(term.id for term in self.terms)


RECONSTRUCTION = Candidate()
