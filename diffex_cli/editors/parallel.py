"""One editor on several devices of this machine, one process each.

Every worker opens the editor from its spec on its own device. Edits are handed out by image, so that
an image is prepared once, and a few images at a time to whoever is free, so that a slow device gets
fewer. A worker ends with its pipe, whatever becomes of this process.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from PIL import Image

from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.foreign import called, open_backend
from diffex_cli.core.registry import Spec
from diffex_cli.editors.base import Editor, EditRequest, EditResult
from diffex_cli.editors.worker import Done, Failure, Job, work

_HELD = 2
"""Jobs that a worker holds: the one it works on, and the next, so that it never waits for this process."""

_JOBS_A_DEVICE = 4
"""At least so many jobs a device, if there are enough images: the last to finish keeps the others waiting less."""

_MOST_IMAGES = 16
"""Images in a job at most; their pictures are in memory twice."""

_SECONDS_TO_END = 5.0


class ParallelEditor:
    """See :class:`~diffex_cli.editors.base.Editor`. The workers start at the first edit and stay, with their models,
    until :meth:`close`, the end of this object or this process, or an :meth:`edit` that does not run to its end.
    ``devices``: one process each; a device may come twice."""

    def __init__(self, spec: Spec, devices: Sequence[str]) -> None:
        self._spec, self._devices = spec, tuple(devices)
        self._single: Editor = open_backend(registry.EDITORS, spec, device=self._devices[0])
        self._workers: list[_Worker] = []
        weakref.finalize(self, _stop, self._workers)

    @property
    def fingerprint(self) -> str:
        """The single editor's: devices change no edit."""
        return self._single.fingerprint

    @property
    def settings(self) -> Mapping[str, object]:
        return self._single.settings

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """One call at a time. When a worker dies or its editor raises an error, all results that were finished by then
        have been yielded before the DiffexError."""
        jobs = deque(_split(requests, len(self._devices)))
        if not jobs:
            return
        finished = False
        try:
            self._start()
            for worker in self._workers:
                for _ in range(_HELD):
                    worker.take(jobs, images, seed)
            while busy := {worker.connection: worker for worker in self._workers if worker.held}:
                for connection in wait(list(busy)):
                    worker = busy[connection]  # type: ignore[index]
                    message = worker.receive()
                    if isinstance(message, EditResult):
                        yield message
                    elif isinstance(message, Failure):
                        yield from self._received()
                        raise _error(self._spec, worker, message)
                    else:
                        worker.held -= 1
                        worker.take(jobs, images, seed)
            finished = True
        finally:
            if not finished:
                self.close()

    def close(self) -> None:
        """End the workers, whatever they are at; the next edit starts new ones."""
        _stop(self._workers)

    def _start(self) -> None:
        if self._workers:
            return
        threads = max(1, _processors() // len(self._devices))
        with _unheard_interrupts():
            for device in self._devices:
                self._workers.append(_Worker(self._spec, device, threads))

    def _received(self) -> Iterator[EditResult]:
        """The results that have arrived and were not yielded yet."""
        for worker in self._workers:
            with contextlib.suppress(EOFError, OSError):
                while worker.connection.poll():
                    message = worker.connection.recv()
                    if isinstance(message, EditResult):
                        yield message


class _Worker:
    def __init__(self, spec: Spec, device: str, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.device, self.held = device, 0
        self.connection, theirs = context.Pipe()
        # A worker is a daemon: the interpreter ends it on its own way out.
        self.process: BaseProcess = context.Process(target=work, args=(spec, device, threads, theirs), daemon=True)
        self.process.start()
        theirs.close()

    def take(self, jobs: deque[list[EditRequest]], images: Mapping[str, Image.Image], seed: int) -> None:
        if not jobs:
            return
        requests = jobs.popleft()
        pictures = {request.image: images[request.image].convert("RGB") for request in requests}
        with contextlib.suppress(OSError):  # it has died: what it still sent, and then the news, come by receive()
            self.connection.send(Job(pictures, requests, seed))
        self.held += 1

    def receive(self) -> EditResult | Done | Failure:
        try:
            message: EditResult | Done | Failure = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(_SECONDS_TO_END)
            code = self.process.exitcode
            how = f"killed by signal {-code}, perhaps for want of memory" if code and code < 0 else f"exit code {code}"
            return Failure(usage=False, text=f"its process died ({how})")
        return message


def _error(spec: Spec, worker: _Worker, failure: Failure) -> DiffexError:
    if failure.usage:
        return UsageError(failure.text)
    return DiffexError(
        f"{called(registry.EDITORS, spec.text)} on the device {worker.device} stopped: {failure.text}; what was "
        "finished is kept, and the same command continues from there"
    )


def _split(requests: Sequence[EditRequest], devices: int) -> Iterator[list[EditRequest]]:
    """Jobs of whole images, in the order of the requests."""
    by_image: dict[str, list[EditRequest]] = {}
    for request in requests:
        by_image.setdefault(request.image, []).append(request)
    size = min(max(1, len(by_image) // (_JOBS_A_DEVICE * devices)), _MOST_IMAGES)
    groups = list(by_image.values())
    for first in range(0, len(groups), size):
        yield [request for group in groups[first : first + size] for request in group]


def _stop(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.connection.close()
        worker.process.terminate()
    for worker in workers:
        worker.process.join(_SECONDS_TO_END)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
    workers.clear()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _unheard_interrupts() -> Iterator[None]:
    """Processes started in here do not hear the terminal's Ctrl-C, from their first moment on: this one does, and
    ends them. An interrupt that comes meanwhile is delivered afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # unblocks the signal when it starts, which the first process would make it do
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
