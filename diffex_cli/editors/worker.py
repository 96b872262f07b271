"""What runs in each process of :class:`~diffex_cli.editors.parallel.ParallelEditor`.

A worker answers every :class:`Job` by its results and a :class:`Done`, or, once, by a :class:`Failure`.
"""

from __future__ import annotations

import dataclasses
import os
import queue
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection

from PIL import Image

from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.registry import Spec
from diffex_cli.editors.base import Editor, EditRequest, EditResult

_THREADS = "OMP_NUM_THREADS"


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """The arguments of one :meth:`~diffex_cli.editors.base.Editor.edit`; the pictures are RGB."""

    images: Mapping[str, Image.Image]
    requests: Sequence[EditRequest]
    seed: int


@dataclasses.dataclass(frozen=True, slots=True)
class Done:
    """A job's results are all sent."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """The editor raised an error, in one sentence; ``usage`` if the user can mend it."""

    usage: bool
    text: str


def work(spec: Spec, device: str, threads: int, connection: Connection) -> None:
    """Make edits until the pipe ends. ``threads``: how many processor threads torch may use. ``connection``: brings
    :class:`Job` objects; takes the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it, and ends the workers
    _limit_threads(threads)
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(connection, jobs), daemon=True).start()
    try:
        editor: Editor = registry.find(registry.EDITORS, spec.name)(spec, device=device)
        while True:
            job = jobs.get()
            for result in editor.edit(job.images, job.requests, job.seed):
                if not isinstance(result, EditResult):
                    raise TypeError(f"a result that is {type(result).__name__}, and no EditResult")
                connection.send(result)
            connection.send(Done())
    except BrokenPipeError:
        return
    except DiffexError as error:
        connection.send(Failure(isinstance(error, UsageError), str(error)))
    except BaseException as error:  # SystemExit, too, which would end this process without a word
        connection.send(Failure(usage=False, text=f"{type(error).__name__}: {one_line(error)}"))


def _listen(connection: Connection, jobs: queue.SimpleQueue[Job]) -> None:
    """Take jobs from the pipe as they come, so that the parent never waits to send one, and end this process with
    the parent, even in the middle of a computation."""
    try:
        while True:
            jobs.put(connection.recv())
    except (EOFError, OSError):
        os._exit(1)


def _limit_threads(threads: int) -> None:
    """Leave the other workers their processors; a lower limit that the user has set stays."""
    given = os.environ.get(_THREADS, "")
    limit = min(threads, int(given)) if given.isdigit() and int(given) else threads
    os.environ[_THREADS] = str(limit)  # torch reads it when it is imported
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(limit)
