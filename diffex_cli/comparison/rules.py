"""What a classifier must not do: the rules of ``diffex check``, from the command line and from a file.

::

    max:                    # NAME: the most that it may change the target's logit by
      collar: 0.2
    forbid:                 # NAMEs that, with everything below them, must change nothing
      - background
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NoReturn, TypeAlias

import yaml

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_files import compose_yaml, read_text_file
from diffex_cli.core.registry import did_you_mean

Kind: TypeAlias = Literal["max", "forbid"]

_KEYS = ("max", "forbid")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One rule about one attribute.

    Attributes:
        limit: of ``max``, in logits, ≥ 0; ``None`` for ``forbid``, whose limit is the run's.
    """

    kind: Kind
    name: str
    limit: float | None
    source: str

    @property
    def text(self) -> str:
        """The rule as the command line has it, without dashes."""
        return f"forbid {self.name}" if self.limit is None else f"max {self.name}={self.limit:g}"


def from_options(maxima: Sequence[str], forbidden: Sequence[str]) -> tuple[Rule, ...]:
    """The rules of ``--max NAME=LIMIT`` and ``--forbid NAME``."""
    rules = []
    for text in maxima:
        name, _, value = text.rpartition("=")
        source = f"--max {text}"
        if not name.strip():
            raise UsageError(f"{source} is not NAME=LIMIT: write, for example, --max 'crest=0.2'")
        rules.append(Rule("max", name.strip(), _limit(value, source), source))
    for text in forbidden:
        if not text.strip():
            raise UsageError("--forbid needs the id or name of an attribute, for example --forbid background")
        rules.append(Rule("forbid", text.strip(), None, f"--forbid {text}"))
    return tuple(rules)


def from_file(file: Path) -> tuple[Rule, ...]:
    """The rules of a YAML file, in its order.

    Raises:
        UsageError: it cannot be read, is no YAML, or holds something else; the text names the line.
    """
    root = compose_yaml(read_text_file(file, "--rules"), f"--rules {file}")
    if root is None:
        raise UsageError(f"--rules {file} is empty: it has the keys {' and '.join(_KEYS)}")
    return _Reader(file).rules(root)


def _limit(text: str, source: str) -> float:
    try:
        limit = float(text)
    except ValueError:
        limit = math.nan
    if not math.isfinite(limit) or limit < 0:
        raise UsageError(f"{source}: the limit {text!r} must be a number, at least 0")
    return limit


class _Reader:
    """Turns composed YAML nodes, which know their lines, into rules."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def rules(self, root: yaml.Node) -> tuple[Rule, ...]:
        rules: list[Rule] = []
        for key, value in self._pairs(root, "the file"):
            word = self._word(key, "a key of the file")
            if word == "max":
                for name, limit in self._pairs(value, "max"):
                    source = self._place(name)
                    rules.append(Rule("max", self._word(name, "max"), _limit(self._word(limit, "max"), source), source))
            elif word == "forbid":
                if not isinstance(value, yaml.SequenceNode):
                    self._fail(value, "forbid must be a list, such as [background]")
                rules += [Rule("forbid", self._word(one, "forbid"), None, self._place(one)) for one in value.value]
            else:
                self._fail(key, f"unknown key {word!r}{did_you_mean(word, _KEYS)}")
        return tuple(rules)

    def _pairs(self, node: yaml.Node, what: str) -> list[tuple[yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, f"{what} must be a mapping, such as 'crest: 0.2' in max")
        seen: set[str] = set()
        for key, _ in node.value:
            word = self._word(key, what)
            if word in seen:
                self._fail(key, f"{word!r} is given twice in {what}: remove one")
            seen.add(word)
        return list(node.value)

    def _word(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
            self._fail(node, f"{what} holds something that is not a plain word or number")
        return str(node.value).strip()

    def _place(self, node: yaml.Node) -> str:
        return f"{self._file}, line {node.start_mark.line + 1}"

    def _fail(self, node: yaml.Node, problem: str) -> NoReturn:
        raise UsageError(f"{self._place(node)}: {problem}")
