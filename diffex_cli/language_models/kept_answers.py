"""Answers kept on disk, so that nobody pays for the same question twice: ``diffex.answer/1``."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.files import write_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import read_plain_file
from diffex_cli.language_models.base import Question, Usage

ANSWER_SCHEMA = "diffex.answer/1"


@dataclasses.dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer, and what it took together with the wrong ones before it."""

    content: Mapping[str, Any]
    usage: Usage


class Answers:
    """A folder, which need not exist, with one JSON file an answer. One that is torn or foreign counts as not there."""

    def __init__(self, folder: Path, write: bool = True) -> None:
        self._folder = folder
        self._write = write
        self.written = 0
        """How many answers were added."""

    def get(self, key: str) -> KeptAnswer | None:
        """The answer to a question, if it is there."""
        try:
            kept = read_plain_file(self._folder / f"{key}.json", "the kept answer")
            if kept["schema"] != ANSWER_SCHEMA or not isinstance(kept["content"], dict):
                return None
            counts = [kept["usage"][name] for name in ("input_tokens", "output_tokens", "cached_tokens")]
            if not all(type(count) is int and count >= 0 for count in counts):
                return None
            return KeptAnswer(kept["content"], Usage(*counts))
        except (UsageError, KeyError, TypeError):
            return None

    def put(self, key: str, answer: KeptAnswer, model: Mapping[str, object]) -> None:
        """Keep an answer, with the settings of the model that gave it, for people."""
        if self._write:
            content = {
                "schema": ANSWER_SCHEMA,
                "model": dict(model),
                "usage": dataclasses.asdict(answer.usage),
                "content": dict(answer.content),
            }
            write_text(self._folder / f"{key}.json", json.dumps(content) + "\n")
            self.written += 1


def question_key(question: Question, fingerprint: str, repetition: int) -> str:
    """SHA-256 of all that can change an answer: the question with its pictures, the model, which repetition it is."""
    content = {
        "system": question.system,
        "text": question.text,
        "schema": question.schema,
        "name": question.name,
        "pictures": [hashlib.sha256(picture.data).hexdigest() for picture in question.pictures],
        "max_tokens": question.max_tokens,
        "model": fingerprint,
        "repetition": repetition,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
