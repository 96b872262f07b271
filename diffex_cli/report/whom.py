"""What a target is called in a sentence, and what becomes of pictures that turn to it or away from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from diffex_cli.measure.targets import parse


@dataclasses.dataclass(frozen=True, slots=True)
class _Turn:
    """Pictures that turn: which ones, and to what, of one and of several."""

    which: tuple[str, str]
    becomes: tuple[str, str]

    def told(self, group: int, turned: int) -> str:
        """``12 of the 14 pictures that were not called ‘cardinal’ are``, of a group of which at least one turned."""
        amount = f"{turned} of the {group} pictures"
        if turned == group:
            amount = "the one picture" if group == 1 else "both pictures" if group == 2 else f"all {group} pictures"
        which, becomes = self.which[group > 1], self.becomes[turned > 1]
        return " ".join(filter(None, (amount, which, becomes)))


@dataclasses.dataclass(frozen=True, slots=True)
class Whom:
    """A target in words.

    Attributes:
        object: as a sentence's object.
        recognised: it is one class, which can be said to be recognised by something.
        called: what a probability under a picture is the probability of.
    """

    object: str
    recognised: bool
    called: str
    _gained: _Turn
    _lost: _Turn

    def gained(self, group: int, turned: int) -> str:
        """How many turn to it, of all that were not called it."""
        return self._gained.told(group, turned)

    def lost(self, group: int, turned: int) -> str:
        """How many turn away from it, of all that were called it."""
        return self._lost.told(group, turned)


def whom(target: str, labels: Sequence[str]) -> Whom:
    """The words for a target as the artifacts call it; without labels a contrast is not told from a class."""
    parsed = parse(target, labels)
    if parsed is not None and parsed.column is not None and parsed.against is not None:
        first, second = f"‘{labels[parsed.column]}’", f"‘{labels[parsed.against]}’"
        return Whom(
            f"{first} rather than {second}",
            False,
            f"{first} rather than {second}",
            _Turn((f"that leaned towards {second}",) * 2, (f"leans towards {first}", f"lean towards {first}")),
            _Turn((f"that leaned towards {first}",) * 2, (f"leans towards {second}", f"lean towards {second}")),
        )
    if target == "predicted" and "predicted" not in labels:
        return Whom(
            "each picture’s own class",
            False,
            "called as it was",
            _Turn(("that the editor alone had turned",) * 2, ("gets its class back", "get their class back")),
            _Turn(("", ""), ("is called something else", "are called something else")),
        )
    quoted = f"‘{target}’"
    return Whom(
        quoted,
        True,
        f"called {quoted}",
        _Turn((f"that was not called {quoted}", f"that were not called {quoted}"), ("is", "are")),
        _Turn((f"that was called {quoted}", f"that were called {quoted}"), ("no longer is", "no longer are")),
    )
