"""Turns a candidate into the sentence that an instruction-following model is told."""

from __future__ import annotations

import dataclasses
import string
from typing import Any

from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.spec_options import option


def text_or_none(default: str) -> Any:
    """An option of any text, where the word ``none`` stands for the empty one."""
    return option(default, "a text", lambda given: "" if given == "none" else given)


def _template(default: str, *names: str) -> Any:

    def parse(given: str) -> str:
        if {name for _, name, _, _ in string.Formatter().parse(given) if name is not None} != set(names):
            raise ValueError
        return given

    return option(default, f"a text with {' and '.join(f'{{{name}}}' for name in names)} and no other braces", parse)


@dataclasses.dataclass(frozen=True)
class Wording:
    """The templates.

    Attributes:
        add: for an attribute that is added; ``{prompt}`` stands for its words.
        remove: for one that is removed.
        replace: for one that takes the place of another, ``{replaces}``.
        keep: a second sentence after all of them; empty for none.
    """

    add: str = _template("add {prompt}", "prompt")
    remove: str = _template("remove {prompt}", "prompt")
    replace: str = _template("replace {replaces} with {prompt}", "replaces", "prompt")
    keep: str = text_or_none("")

    def instruction(self, candidate: Candidate) -> str:
        """One instruction for all terms, joined by "and" in the order of their prompts: an edit's key knows nothing of
        the order of ids, so its pixels must not either."""
        terms = sorted(candidate.terms, key=lambda term: (term.prompt, term.remove))
        text = " and ".join(self._clause(term) for term in terms)
        return f"{text}. {self.keep}" if self.keep else text

    def _clause(self, term: Term) -> str:
        if term.remove:
            return self.remove.format(prompt=term.prompt)
        if term.replaces:
            return self.replace.format(prompt=term.prompt, replaces=term.replaces)
        return self.add.format(prompt=term.prompt)
