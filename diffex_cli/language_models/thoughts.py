"""Tells what a model thought aloud from what it said; servers differ in whether they take the thoughts out."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = r"(?:(?!(?:end|close)_)[a-z]+[_:])?(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|analysis|scratch_?pad)"
# DeepSeek, Qwen, GLM: <think>; Gemini, EXAONE: <thought>; Command: <|START_THINKING|>; Sky-T1: <|begin_of_thought|>;
# Seed: <seed:think>; Kimi: ◁think▷; Magistral: [THINK]; MedGemma: <unused94>; Gemma 4: <|channel>thought.
_OPENED = re.compile(
    rf"(?i:<\|?(?:(?:begin|start)_(?:of_)?)?{_NAME}(?:_(?:begin|start))?\|?>"
    r"|◁think▷|<unused94>(?:thought)?|<\|channel>thought)|\[THINK(?:ING)?\]"
)
_CLOSED = re.compile(
    rf"(?i:</\|?{_NAME}\|?>|<\|/{_NAME}\|?>|<\|(?:end|close)_(?:of_)?{_NAME}\|>|<\|{_NAME}_(?:end|close)\|>"
    r"|◁/think▷|<unused95>|<channel\|>)|\[/THINK(?:ING)?\]"
)
# What some write at the head of the answer instead of closing the thoughts.
_SAYS = re.compile(r"(?i:<\|?(?:(?:begin|start)_(?:of_)?)?(?:answer|response|solution|output|final)\|?>)")
# OpenAI's harmony (https://github.com/openai/harmony): channels of messages.
_CHANNEL = "<|channel|>"
_MESSAGE_ENDS = re.compile(r"<\|(?:end|return|call|start)\|>")


class Heard(NamedTuple):
    """What a model thought, where that has an end, and what it said."""

    thought: str
    said: str


def hear(text: str) -> Heard:
    """Take a text apart. What follows a mark that is never closed is neither thought to its end nor said."""
    if _CHANNEL in text:
        return _harmony(text)
    # Where the special tokens were taken out, the words of their headers are left.
    before, marked, after = text.rpartition("assistantfinal")
    if marked and before.startswith("analysis"):
        return Heard(before, after)
    opened = _OPENED.search(text)
    marks = list(_CLOSED.finditer(text))
    if not marks and opened is not None:
        marks = list(_SAYS.finditer(text, opened.end()))[:1]
    if not marks:
        return Heard("", text if opened is None else text[: opened.start()])
    said = text[marks[-1].end() :]
    again = _OPENED.search(said)
    return Heard(text[: marks[-1].start()], said if again is None else said[: again.start()])


def opens_thought(text: str) -> bool:
    """Whether a text, as a chat template's last words, ends with the mark that opens the thoughts."""
    return any(not text[mark.end() :].strip() for mark in _OPENED.finditer(text))


def _harmony(text: str) -> Heard:
    """The last message in the channel ``final``, else the last in another one than ``analysis``: a tool call."""
    thought, final, other = "", None, ""
    for part in text.split(_CHANNEL)[1:]:
        header, marked, body = part.partition("<|message|>")
        name = header.split()[:1]
        channel = re.match(r"\w*", name[0])[0] if name else ""  # type: ignore[index]
        body = _MESSAGE_ENDS.split(body if marked else header.strip()[len(channel) :], maxsplit=1)[0]
        if channel == "final":
            final = body
        elif channel == "analysis":
            thought = body
        else:
            other = body
    return Heard("" if final is None else thought, other if final is None else final)
