"""Turns a candidate into the sentence that an instruction-following model is told."""

from __future__ import annotations

import dataclasses
import string
from collections.abc import Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate, Term


@dataclasses.dataclass(frozen=True)
class Wording:
    """The templates.

    Attributes:
        add: for an attribute that is added; ``{prompt}`` stands for its words.
        remove: for one that is removed.
        replace: for one that takes the place of another, ``{replaces}``.
        keep: a second sentence after all of them; empty for none.
    """

    add: str = "add {prompt}"
    remove: str = "remove {prompt}"
    replace: str = "replace {replaces} with {prompt}"
    keep: str = ""

    def instruction(self, candidate: Candidate) -> str:
        """One instruction for all terms, joined by "and" in the order of their prompts: an edit's key
        knows nothing of the order of ids, so its pixels must not either.
        """
        terms = sorted(candidate.terms, key=lambda term: (term.prompt, term.remove))
        text = " and ".join(self._clause(term) for term in terms)
        return f"{text}. {self.keep}" if self.keep else text

    def _clause(self, term: Term) -> str:
        if term.remove:
            return self.remove.format(prompt=term.prompt)
        if term.replaces:
            return self.replace.format(prompt=term.prompt, replaces=term.replaces)
        return self.add.format(prompt=term.prompt)


def check_template(option: str, text: str, required: Sequence[str]) -> None:
    """Refuse a template that does not name the words to put in.

    Raises:
        UsageError: a placeholder is missing or unknown, or a brace has no partner.
    """
    placeholders = " and ".join(f"{{{name}}}" for name in required)
    try:
        found = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        found = set()
    if found != set(required):
        raise UsageError(f"option {option}={text}: must contain {placeholders} and no other braces")
