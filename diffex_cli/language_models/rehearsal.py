"""Goes through all the questions without asking anybody: what a hierarchy would take."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence

from diffex_cli.language_models.base import Answer, LanguageModel, Prices, Question, Usage


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate:
    """What is still to be asked, about; the cost is ``None`` if a model's prices are not known."""

    questions: int
    kept: int
    input_tokens: int
    output_tokens: int
    cost: float | None


class Rehearsal:
    """Stands in for a language model: every answer has as many made-up attributes as were asked for.

    Real answers may have fewer, and attributes that are there twice are not asked about twice, so the
    count of questions is what it will be at most, unless answers have to be asked for again.
    """

    def __init__(self, model: LanguageModel, breadth: int) -> None:
        self._model = model
        self._breadth = breadth
        self._lock = threading.Lock()
        self.questions = 0
        self.usage = Usage(0, 0)

    @property
    def settings(self) -> Mapping[str, object]:
        return self._model.settings

    @property
    def fingerprint(self) -> str:
        """That of the model, so that its kept answers are found."""
        return self._model.fingerprint

    @property
    def prices(self) -> Prices | None:
        return self._model.prices

    @property
    def cost(self) -> float | None:
        """In US dollars; ``None`` if the prices are not known."""
        return None if self.prices is None else self.prices.cost(self.usage)

    def estimate(self, question: Question) -> Usage:
        return self._model.estimate(question)

    def ask(self, question: Question) -> Answer:
        """Count the question, and make an answer up."""
        usage = self._model.estimate(question)
        with self._lock:
            self.questions += 1
            number = self.questions
            self.usage += usage
        names = [f"made-up attribute {number}.{index}" for index in range(self._breadth)]
        return Answer({"attributes": [{"name": name} for name in names]}, Usage(0, 0))


def estimated(rehearsals: Sequence[Rehearsal], kept: int) -> Estimate:
    """What the rehearsals found together."""
    costs = [rehearsal.cost for rehearsal in rehearsals]
    usage = sum((rehearsal.usage for rehearsal in rehearsals), Usage(0, 0))
    return Estimate(
        questions=sum(rehearsal.questions for rehearsal in rehearsals),
        kept=kept,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
    )
