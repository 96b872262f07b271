"""Commands that are killed at random moments, and the same command again: nothing may be lost, torn or left over."""

from __future__ import annotations

import fcntl
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
from PIL import Image

from benchmarks.soak.place import CLASSIFIER, TINT, Place, search_of

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STAGES = ("edit", "score", "search", "report")
_RUN = "killed"
_SLOW = ("--editor", "tint::delay=0.02")
_LONGEST = 6.0


def words_of(stage: str) -> tuple[str, ...]:
    """A stage that takes a while: every edit waits a little, which changes no pixel."""
    slowly = tuple(_SLOW[1] if word == TINT[1] else word for word in search_of(_RUN))
    return {
        "edit": ("edit", "--run", _RUN, *_SLOW),
        "score": ("score", "--run", _RUN, *CLASSIFIER, *_SLOW),
        "search": ("search", *slowly),
        "report": ("report", _RUN),
    }[stage]


def killed(place: Place, number: int) -> str:
    """One command killed, then finished; a sentence about what is wrong afterwards, empty if nothing is."""
    dice = random.Random(number)
    stage, how, wait = dice.choice(STAGES), dice.choice(SIGNALS), dice.uniform(0.2, _LONGEST)
    place.copy(place.finished if stage == "report" else place.fresh, _RUN)
    said = f"{stage} and {how.name} after {wait:.2f} s"
    with place.start(*words_of(stage)) as process:
        time.sleep(wait)
        process.send_signal(how)
        _, err = process.communicate()
    if process.returncode not in (0, -how, *((1, 130) if how == signal.SIGINT else ())):
        return f"{said}: exit {process.returncode}: {err[-1000:]}"
    for after in dict.fromkeys((stage, "search", "report")):
        done = place.run(*words_of(after))
        if done.returncode:
            return f"{said}, then {after}: exit {done.returncode}: {done.stderr[-1000:]}"
    return "; ".join(f"{said}: {fault}" for fault in _faults(place.work / _RUN, place.finished))


def _faults(run: Path, whole: Path) -> Iterator[str]:
    if _ranking(run) != _ranking(whole):
        yield "another ranking than without the kill"
    with (run / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield "somebody still holds the lock"
    for path in run.rglob("*"):
        if path.name.endswith(".tmp"):
            yield f"{path.relative_to(run)} is left"
        try:
            if path.suffix == ".parquet":
                pq.read_table(path, page_checksum_verification=True)
            elif path.suffix == ".png":
                with Image.open(path) as picture:
                    picture.load()
        except Exception as error:  # of many kinds, by what is torn
            yield f"{path.relative_to(run)} is torn ({error})"


def _ranking(run: Path) -> str:
    """As text, since NaN is not equal to itself."""
    return repr(pq.read_table(run / "ranking.parquet").to_pylist())
