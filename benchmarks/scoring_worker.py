"""One build of diffex that scores: started as a file of its own, with that build's folder on the path.

Reads the road to take from each line of its input, and answers with the seconds, the processor's seconds and the number
of pictures, as JSON. It uses what the builds to be compared have in common.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from diffex_cli.core.configuration import resolve
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import score
from diffex_cli.measure.making import make_edits
from diffex_cli.measure.scoring import make_scores, unscored
from diffex_cli.measure.session import Session, locked_session

_SILENT = SilentProgress()


def main(settings: Settings) -> None:
    """Answer until the input ends."""
    roads = {"adapter": _adapter, "score": _score, "search": _search}
    for line in sys.stdin:
        sys.stdout.write(json.dumps(roads[line.strip()](settings)) + "\n")
        sys.stdout.flush()


def _adapter(settings: Settings) -> dict[str, float]:
    """Pictures in memory."""
    with locked_session("score", settings) as session:
        _load(session)
        pictures = [session.run.picture(image) for image in session.images.values()]
        pictures += [session.run.edited_picture(row) for row in session.edits.values() if row.status != "failed"]
        return _timed(lambda: len(session.classifier.logits(pictures)))


def _score(settings: Settings) -> dict[str, float]:
    """The stage, from an empty ``scores/``."""
    shutil.rmtree(settings.run / "scores", ignore_errors=True)
    with locked_session("score", settings) as session:
        _load(session)
        return _timed(lambda: score.score_all(session, _SILENT).scored)


def _search(settings: Settings) -> dict[str, float]:
    """What a search does when it has made the edits: scoring alone is timed."""
    own = dataclasses.replace(settings, run=settings.run.with_name("searched"))
    shutil.rmtree(own.run, ignore_errors=True)
    shutil.copytree(settings.run, own.run, ignore=shutil.ignore_patterns("scores", "edits", "run.lock"))
    with locked_session("search", own) as session:
        _load(session)
        wishes = [(root.candidate, tuple(session.images)) for root in session.corpus.roots]
        make_edits(session, session.requests(wishes), _SILENT, "search")
        subjects = unscored(session, session.edits.values())
        return _timed(lambda: make_scores(session, subjects, _SILENT, "search"))


def _load(session: Session) -> None:
    session.classifier.logits([Image.new("RGB", (64, 64))] * 32)


def _timed(work: Callable[[], int]) -> dict[str, float]:
    started, used = time.perf_counter(), _processor()
    pictures = work()
    return {"seconds": time.perf_counter() - started, "processor": _processor() - used, "pictures": pictures}


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    flags = json.loads(sys.argv[1])
    main(resolve({**flags, "run": Path(flags["run"])}, {}, None))
