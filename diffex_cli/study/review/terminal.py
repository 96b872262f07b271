"""Questions about a verifier's readings, one after the other, in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from diffex_cli.artifacts.review import CANNOT_TELL, NO, YES, Reviewed
from diffex_cli.study.wording import WORDINGS

Say: TypeAlias = Callable[[str], None]
Hear: TypeAlias = Callable[[str], str]
"""Given a prompt, what the person types; EOFError at the end."""

_MEANINGS = {"y": YES, "n": NO, "c": CANNOT_TELL, "b": "back", "q": "stop"}
_KEYS = "y yes, n no, c cannot tell, b back, q stop"


def ask(
    items: Sequence[Reviewed],
    answers: Mapping[str, str],
    show: Callable[[Reviewed], Path],
    keep: Callable[[str, str], None],
    say: Say,
    hear: Hear,
) -> None:
    """Ask about the items that have no answer yet, until all have one or the person stops.

    Args:
        answers: those so far; ``keep`` adds to them.
        show: the file to look at.
    """
    wording = WORDINGS["review"]
    place = _next(items, answers, 0)
    if place < len(items):
        say("\n".join(wording.introduction))
    while place < len(items):
        item = items[place]
        say(f"\n{place + 1} of {len(items)}: {show(item)}\n{wording.named} {item.words}")
        meaning = _heard(f"{wording.queries[0].text} [{_KEYS}] ", say, hear)
        if meaning == "stop":
            say("The answers so far are kept; the same command goes on.")
            return
        if meaning == "back":
            place = max(place - 1, 0)
            continue
        keep(item.id, meaning)
        place = _next(items, answers, place + 1)


def _heard(prompt: str, say: Say, hear: Hear) -> str:
    while True:
        try:
            typed = hear(prompt).strip().lower()
        except EOFError:
            return "stop"
        if typed in _MEANINGS.values():
            return typed
        if typed[:1] in _MEANINGS and len(typed) == 1:
            return _MEANINGS[typed]
        say(f"Please type one of: {_KEYS}.")


def _next(items: Sequence[Reviewed], answers: Mapping[str, str], start: int) -> int:
    """The place of the first item from there on that has no answer; behind the last if all have one."""
    return next((place for place in range(start, len(items)) if items[place].id not in answers), len(items))
