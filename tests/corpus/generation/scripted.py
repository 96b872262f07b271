"""A language model that knows a few answers by heart, and a package that brings it as a provider."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.core.registry import Spec
from diffex_cli.corpus.generation.providers import AskingProvider
from diffex_cli.language_models.base import Answer, LanguageModel, Prices, Question, Usage

Tree = Mapping[str, "Tree"]

BIRD: Tree = {
    "head": {"crest": {"tall crest": {}, "short crest": {}}, "eye": {"red eye": {}}},
    "wings": {"wing bars": {}, "wing color": {"blue wings": {}, "black wings": {}}},
    "background": {"water": {}, "branch": {}},
}
USED = Usage(1000, 100)


def path_of(question: Question) -> tuple[str, ...]:
    """The place that a question asks about."""
    found = re.search(r"(?:features|variants) of: (.*)\.$", question.text, re.MULTILINE)
    return tuple(found[1].split(" > ")) if found else ()


def answer(*attributes: str | Mapping[str, object]) -> dict[str, object]:
    """An answer with these attributes, by their names or in full."""
    plain = {"remove": False, "editable": True, "synonyms": []}
    items = [{"name": item} if isinstance(item, str) else dict(item) for item in attributes]
    return {"attributes": [{"prompt": item["name"], **plain, **item} for item in items]}


class Scripted:
    """Answers from a tree; what is in ``first`` for a place comes before that, item by item.

    An item is the content of an answer, an exception to raise, or a function of the question that gives
    either. ``asked`` holds all questions in the order in which they came.
    """

    def __init__(
        self,
        tree: Tree = BIRD,
        first: Mapping[tuple[str, ...], list[Any]] | None = None,
        *,
        name: str = "scripted",
        prices: Prices | None = None,
        seconds: Callable[[Question], float] = lambda question: 0.0,
    ) -> None:
        self.tree = tree
        self.first = {path: list(items) for path, items in (first or {}).items()}
        self.settings: Mapping[str, object] = {"provider": "scripted", "model": name}
        self.fingerprint = f"scripted {name}"
        self.prices = prices
        self.asked: list[Question] = []
        self.most_at_once = 0
        self._at_once = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Answer:
        path = path_of(question)
        with self._lock:
            self.asked.append(question)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            item: Any = self.first[path].pop(0) if self.first.get(path) else None
        try:
            time.sleep(self._seconds(question))
            if callable(item):
                item = item(question)
            if isinstance(item, BaseException):
                raise item
            return Answer(self._known(path) if item is None else item, USED)
        finally:
            with self._lock:
                self._at_once -= 1

    def estimate(self, question: Question) -> Usage:
        return Usage(1000, 1024)

    def _known(self, path: tuple[str, ...]) -> dict[str, object]:
        tree = self.tree
        for name in path:
            tree = tree.get(name, {})
        return answer(*tree)


def opened(spec: Spec) -> AskingProvider:
    """The provider ``scripted[:JSON FILE]``: a tree, seconds an answer, and a log of all questions asked."""
    options: dict[str, Any] = json.loads(Path(spec.model).read_text()) if spec.model else {}
    prices = Prices(10.0, 50.0, 1.0) if options.get("priced", True) else None

    def seconds(question: Question) -> float:
        if "log" in options:
            with Path(options["log"]).open("a") as log:
                log.write(" > ".join(path_of(question)) + "\n")
        return float(options.get("seconds", 0.0))

    name = str(options.get("name", "scripted"))
    model: LanguageModel = Scripted(options.get("tree", BIRD), name=name, prices=prices, seconds=seconds)
    return AskingProvider(model)


def install(folder: Path) -> None:
    """Lay down what pip would: an entry point of a third party's package, which leads to :func:`opened`."""
    info = folder / "scripted_provider-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted-provider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[diffex.corpus_providers]\nscripted = scripted:opened\n")
