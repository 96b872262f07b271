"""Several processes make the pictures of one, and end whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from PIL import Image

from diffex_cli.birds import samples
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term
from diffex_cli.core.registry import EDITORS, find, parse_spec
from diffex_cli.core.settings import Settings
from diffex_cli.editors.base import Editor, EditRequest, EditResult
from diffex_cli.editors.parallel import ParallelEditor, _split
from diffex_cli.measure.session import Session

IMAGES = {str(n): Image.new("RGB", (8, 8), (n, 2 * n, 3 * n)) for n in range(12)}
CANDIDATES = [RECONSTRUCTION, *(Candidate((Term(f"node/{n}", f"colour {n}"),)) for n in range(3))]
REQUESTS = [EditRequest(f"{image}/{c.id}", image, c) for image in IMAGES for c in CANDIDATES]

ODD_EDITOR = '''
import time
from diffex_cli.editors.base import EditResult
from diffex_cli.core.errors import UsageError

class OddEditor:
    """Reverses pictures; the image "bad" it cannot stand, in the way that its spec says."""

    def __init__(self, spec, device="auto"):
        self.fingerprint, self.settings, self._way, self._device = "odd", {}, spec.model, device
        if device == "nowhere":
            raise UsageError("--device nowhere is not available here: use auto or cpu")

    def edit(self, images, requests, seed):
        for request in requests:
            if request.image == "bad":
                time.sleep(0.3)
                if self._way == "usage":
                    raise UsageError("corpus node a: no such override")
                raise ZeroDivisionError("division\\nby zero")
            yield EditResult(request.key, "ok", images[request.image], 0.0, self._device)
'''


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package's editor, installed for this test."""
    (tmp_path / "odd_editor.py").write_text(ODD_EDITOR)
    information = tmp_path / "odd-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1\n")
    (information / "entry_points.txt").write_text(f"[{EDITORS}]\nodd = odd_editor:OddEditor\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def single(spec: str) -> Editor:
    parsed = parse_spec(spec)
    editor: Editor = find(EDITORS, parsed.name)(parsed, device="cpu")
    return editor


def pictures(results: Sequence[EditResult]) -> dict[str, tuple[str, str | None, bytes | None]]:
    found = {r.key: (r.status, r.reason, r.image.tobytes() if r.image else None) for r in results}
    assert len(found) == len(results)
    return found


def test_the_pictures_of_a_single_process() -> None:
    editor = ParallelEditor(parse_spec("tint:strength=0.4"), ["cpu", "cpu"])
    alone = single("tint:strength=0.4")
    assert (editor.fingerprint, editor.settings) == (alone.fingerprint, alone.settings)
    expected = pictures(list(alone.edit(IMAGES, REQUESTS, 0)))
    assert pictures(list(editor.edit(IMAGES, REQUESTS, 0))) == expected
    workers = {worker.process.pid for worker in editor._workers}
    assert pictures(list(editor.edit(IMAGES, REQUESTS[:3], 0))) == {r.key: expected[r.key] for r in REQUESTS[:3]}
    assert {worker.process.pid for worker in editor._workers} == workers, "models stay loaded"
    assert list(editor.edit(IMAGES, [], 0)) == []
    editor.close()


def test_failed_edits_are_rows() -> None:
    keys = list(samples.records())[:3]
    images = {"unknown": Image.new("RGB", (4, 4))} | {key: Image.new("RGB", (4, 4)) for key in keys}
    candidate = Candidate((Term("head", "red head"),))
    requests = [EditRequest(key, key, candidate) for key in images]
    editor = ParallelEditor(parse_spec("render:birds"), ["cpu", "cpu"])
    made = pictures(list(editor.edit(images, requests, 0)))
    assert made == pictures(list(single("render:birds").edit(images, requests, 0)))
    assert made["unknown"][0] == "failed"
    editor.close()


def test_jobs_are_whole_images_in_order() -> None:
    jobs = list(_split(REQUESTS, 2))
    assert [request for job in jobs for request in job] == REQUESTS
    assert len(jobs) == 12
    assert all(len({request.image for request in job}) == 1 for job in jobs)
    many = [EditRequest(str(n), str(n), RECONSTRUCTION) for n in range(1000)]
    sizes = [len(job) for job in _split(many, 2)]
    assert (max(sizes), sum(sizes)) == (16, 1000)
    mixed = [*REQUESTS[::2], *REQUESTS[1::2]]
    assert sorted(r.key for job in _split(mixed, 2) for r in job) == sorted(r.key for r in REQUESTS)
    assert all(len({request.image for request in job}) == 1 for job in _split(mixed, 2))


@pytest.mark.usefixtures("odd")
def test_both_devices_work() -> None:
    editor = ParallelEditor(parse_spec("odd"), ["one", "other"])
    assert {result.reason for result in editor.edit(IMAGES, REQUESTS, 0)} == {"one", "other"}
    editor.close()


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize(
    ("way", "kind", "sentence"),
    [
        ("usage", UsageError, "^corpus node a: no such override$"),
        ("crash", DiffexError, "device cpu stopped: ZeroDivisionError: division by zero; what was finished is kept"),
    ],
)
def test_an_editors_error_comes_after_what_is_finished(way: str, kind: type[DiffexError], sentence: str) -> None:
    images = {**IMAGES, "bad": IMAGES["1"]}
    requests = [*REQUESTS[:5], EditRequest("bad", "bad", RECONSTRUCTION)]
    made: list[EditResult] = []
    stream = ParallelEditor(parse_spec(f"odd:{way}"), ["cpu", "cpu"]).edit(images, requests, 0)
    with pytest.raises(kind, match=sentence) as caught:
        made.extend(stream)
    assert type(caught.value) is kind
    assert sorted(result.key for result in made) == sorted(request.key for request in REQUESTS[:5])


@pytest.mark.usefixtures("odd")
def test_a_device_that_is_not_there() -> None:
    editor = ParallelEditor(parse_spec("odd"), ["cpu", "nowhere"])
    with pytest.raises(UsageError, match="--device nowhere is not available here"):
        list(editor.edit(IMAGES, REQUESTS, 0))
    with pytest.raises(UsageError, match="unknown option 'strong'"):
        ParallelEditor(parse_spec("tint:strong=1"), ["cpu", "cpu"])


def test_a_worker_that_dies_is_named_and_what_is_finished_stays() -> None:
    editor = ParallelEditor(parse_spec("tint:delay=0.05"), ["cpu", "cpu"])
    stream = editor.edit(IMAGES, REQUESTS, 0)
    made = [next(stream) for _ in range(3)]
    os.kill(editor._workers[0].process.pid or 0, signal.SIGKILL)
    with pytest.raises(DiffexError, match=r"device cpu stopped: its process died \(killed by signal 9"):
        made.extend(stream)
    assert 3 <= len(made) < len(REQUESTS)
    assert multiprocessing.active_children() == []
    assert len(list(editor.edit(IMAGES, REQUESTS[:2], 0))) == 2, "the next edit starts new ones"
    editor.close()


def test_leaving_early_ends_the_workers() -> None:
    editor = ParallelEditor(parse_spec("tint:delay=0.2"), ["cpu", "cpu"])
    stream = editor.edit(IMAGES, REQUESTS, 0)
    next(stream)
    assert len(multiprocessing.active_children()) == 2
    stream.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


SCRIPT = """
import sys, time
from PIL import Image
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.parallel import ParallelEditor
from diffex_cli.core.registry import parse_spec

if __name__ == "__main__":
    editor = ParallelEditor(parse_spec("tint:delay=30"), ["cpu", "cpu"])
    images = {str(n): Image.new("RGB", (600, 600)) for n in range(8)}
    editor._start()
    print(*(worker.process.pid for worker in editor._workers), flush=True)
    list(editor.edit(images, [EditRequest(key, key, RECONSTRUCTION) for key in images], 0))
"""


@pytest.mark.parametrize("signal_", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupt_leaves_no_orphans(tmp_path: Path, signal_: signal.Signals) -> None:
    """A terminal's Ctrl-C reaches all processes of the group; a kill only the first."""
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    workers = [psutil.Process(int(word)) for word in process.stdout.readline().split()]
    assert len(workers) == 2
    time.sleep(0.5)
    if signal_ == signal.SIGINT:
        os.killpg(process.pid, signal_)
    else:
        process.kill()
    _, errors = process.communicate(timeout=20)
    assert psutil.wait_procs(workers, timeout=10)[1] == []
    assert errors.count("Traceback") == (1 if signal_ == signal.SIGINT else 0), "the workers say nothing"


def test_the_bench_builds_it(tmp_path: Path) -> None:
    def session(device: str) -> Session:
        return Session(Settings(run=tmp_path, editor="tint:", classifier="birds:species", device=device))

    several, one = session("cpu,cpu"), session("cpu")
    assert isinstance(several.editor.own, ParallelEditor)
    assert isinstance(one.editor.own, registry.find(EDITORS, "tint"))
    assert several.editor_fingerprint == one.editor_fingerprint
    assert several.classifier.fingerprint == one.classifier.fingerprint
