"""Short runs of every command, each of which has to end with its exit code and without a native library's complaint."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from benchmarks.soak.place import CLASSIFIER, LEDITS, TINT, Place, corpus_of, search_of

_COMPLAINTS = re.compile(r"terminate called|Fatal Python|Traceback|Exception ignored|Segmentation|core dumped")


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """``words`` of a command on the run directory ``run``, a copy of ``of`` (``fresh``, ``finished``, or none)."""

    words: tuple[str, ...]
    of: str | None = None
    code: int = 0


CASES: Mapping[str, Case] = {
    "corpus": Case(("corpus", *corpus_of("run"))),
    "corpus validate": Case(("corpus", "validate", "hierarchy.yaml")),
    "edit, tint": Case(("edit", "--run", "run", *TINT), "fresh"),
    "edit, ledits": Case(("edit", "--run", "run", *LEDITS), "fresh"),
    "edit, two workers": Case(("edit", "--run", "run", *TINT, "--device", "cpu,cpu"), "fresh"),
    "score": Case(("score", "--run", "run", *CLASSIFIER, *TINT), "finished"),
    "search": Case(("search", *search_of("run")), "fresh"),
    "search, no fill": Case(("search", *search_of("run"), "--no-fill"), "fresh", 3),
    "search, again": Case(("search", *search_of("run")), "finished"),
    "report": Case(("report", "run"), "finished"),
    "compare": Case(("compare", "run", "finished"), "finished"),
    "check": Case(("check", "run", "--forbid", "surface"), "finished", 4),
    "study make": Case(("study", "make", "--run", "run", "--kind", "quality"), "finished"),
    "classify": Case(("classify", "pictures", *CLASSIFIER)),
    "config show": Case(("config", "show", "--run", "run"), "finished"),
    "doctor": Case(("doctor",)),
    "an error": Case(("edit", "--run", "nowhere", *TINT), None, 3),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; ``wrong`` is a sentence, empty if it ended as it has to."""

    code: int
    wrong: str


def ending(place: Place, name: str) -> Ending:
    """Run a case once."""
    case = CASES[name]
    if case.of is not None:
        place.copy(getattr(place, case.of), "run")
    elif name == "corpus":
        place.copy(place.fresh, "run")
    done = place.run(*case.words)
    complaint = _COMPLAINTS.search(done.stderr)
    if done.returncode == case.code and complaint is None:
        return Ending(done.returncode, "")
    return Ending(done.returncode, f"exit {done.returncode} instead of {case.code}: {done.stderr[-2000:]}")
