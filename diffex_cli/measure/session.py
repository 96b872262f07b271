"""What ``edit``, ``score`` and ``search`` work on: the run, its two backends, and what is already there."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from PIL import Image

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.files import sweep
from diffex_cli.artifacts.keys import edit_key, edit_keys
from diffex_cli.artifacts.lock import RunLock, shard_lock
from diffex_cli.artifacts.pictures import LazyPictures
from diffex_cli.artifacts.provenance import authors
from diffex_cli.artifacts.rows import EditRow, InputImage, Scores
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.opened import OpenedClassifier, open_classifier
from diffex_cli.classifiers.perception import Perception, open_perception
from diffex_cli.core import registry
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, directed, grouped
from diffex_cli.core.inside import check_run
from diffex_cli.core.machine import parse_devices
from diffex_cli.core.settings import Settings
from diffex_cli.editors.base import Editor, EditRequest
from diffex_cli.editors.opened import OpenedEditor, open_editor
from diffex_cli.editors.regions.bounded import BoundedEditor
from diffex_cli.editors.regions.bounds import Bounds
from diffex_cli.measure import rates
from diffex_cli.measure.bounding import bounded, check_bounds, open_bounds
from diffex_cli.measure.calibration import AS_READ, Calibration
from diffex_cli.measure.forecast import Forecast
from diffex_cli.measure.just_made import JustMade
from diffex_cli.measure.looking import protected
from diffex_cli.measure.paying import Purse
from diffex_cli.measure.recording import forgotten_if_bad
from diffex_cli.measure.sharding import Shard
from diffex_cli.measure.standing_in import StandIns
from diffex_cli.verifiers.asking import AskingVerifier
from diffex_cli.verifiers.attributes import digests_of
from diffex_cli.verifiers.base import Verifier
from diffex_cli.verifiers.independence import check_classifier, check_writer
from diffex_cli.verifiers.opened import OpenedVerifier, open_verifier

EditWish: TypeAlias = tuple[Candidate, Sequence[str]]
"""A candidate, and the keys of the images that it is to be tried on."""


OPENED = ("editor", "screening", "classifier", "verifier", "perception")
"""What a session can open, and so complain about, before there are a hierarchy and images."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backends:
    """What somebody has opened already, to be used instead of what the settings name; ``None`` where there is none.

    The settings' specs then only say what it is called in the artifacts.
    """

    editor: Editor | None = None
    classifier: Classifier | None = None
    verifier: Verifier | None = None


class Session:
    """Everything is read or opened when it is first asked for.

    Args:
        settings: as resolved; they name the run directory.
        backends: open ones.
    """

    def __init__(self, settings: Settings, backends: Backends | None = None) -> None:
        self.settings = settings
        self._backends = backends or Backends()
        self.stage_settings = settings
        """As the stage was given them, whichever editor this session has."""
        self.run = RunDirectory(settings.run, verify=settings.verify_files)
        self.consent = Consent.of(settings)
        self.proved: set[str] = set()
        """Which of ``editor``, ``classifier`` and ``verifier`` gave a result: their settings are known to be good."""
        self.tested = False
        """What the test of the verifier says is known, and need not be looked up again."""
        self.calibration = AS_READ
        """How the verifier's readings are meant."""
        self.just_made = JustMade()

    @functools.cached_property
    def corpus(self) -> Corpus:
        """The hierarchy."""
        return self.run.corpus()

    @functools.cached_property
    def images(self) -> dict[str, InputImage]:
        """The input images by key, in the order of the table."""
        return {image.image: image for image in self.run.images()}

    @functools.cached_property
    def pictures(self) -> LazyPictures:
        """The input images' pixels by key."""
        return LazyPictures(self.images, self._picture)

    def _picture(self, key: str) -> Image.Image:
        return self.run.picture(self.images[key])

    def edited_picture(self, row: EditRow) -> Image.Image:
        """An edit's pixels, from memory if it was just made, else read from its file; by any thread.

        Raises:
            UsageError: the file is missing, broken or another picture, or not of its image's size.
        """
        made = self.just_made.get(row.file)
        if made is not None:
            return made
        original, picture = self.images.get(row.image), self.run.edited_picture(row)
        if original is None or picture.size != (original.width, original.height):
            whose = f"its image {original.width}x{original.height}" if original else "there is no such image"
            raise UsageError(
                f"the edited picture {row.file} in {self.run.path} has {picture.width}x{picture.height} pixels, and "
                f"{whose}: remove its part of edits/, and have it made again"
            )
        return picture

    @functools.cached_property
    def editor(self) -> OpenedEditor | BoundedEditor:
        """The editor, on all devices and within its bounds; its model is not loaded yet."""
        if self._backends.editor is not None:
            own = OpenedEditor(self._backends.editor, self.settings.editor)
        else:
            self._agree_on_editor()
            own = open_editor(self.settings.editor, self._devices)
        return own if self._bounds is None else bounded(self, own, self._bounds)

    @functools.cached_property
    def _bounds(self) -> Bounds | None:
        """What bounds the edits; ``None`` if nothing does."""
        return open_bounds(self.settings, self.consent, self._devices[0])

    @functools.cached_property
    def region(self) -> Bounds | None:
        """The same, held against the images and the hierarchy as far as it can be without a model."""
        if self._bounds is not None:
            check_bounds(self, self._bounds)
        return self._bounds

    def _agree_on_editor(self) -> None:
        self.consent.check("editor", self.settings.editor)

    def release(self) -> None:
        """Let go of the editor, with its model and its processes; it would be opened again when it is asked for."""
        self.__dict__.pop("editor", None)
        gc.collect()  # models are full of cycles

    def check(self, *needed: str) -> None:
        """Complain now about what could not be opened: the names of properties of this session."""
        for name in needed:
            getattr(self, name)

    @functools.cached_property
    def editor_fingerprint(self) -> str:
        """The editor's fingerprint, asked for once: it may be a digest of large files."""
        return self.editor.fingerprint

    @functools.cached_property
    def screening(self) -> Session | None:
        """The same session with the cheaper editor that screens for this one; ``None`` if none does.

        Raises:
            UsageError: there is no such editor, or ``fast`` does not make this one faster.
        """
        wanted = self.settings.screen
        if wanted == "none":
            return None
        if wanted != "fast":
            self.consent.check("screen", wanted)
            return _Beside(self, wanted)
        return _fast(self)

    @property
    def benches(self) -> tuple[Session, ...]:
        """This one, and that of the editor that screens, if one does."""
        return (self,) if self.screening is None else (self, self.screening)

    @functools.cached_property
    def classifier(self) -> OpenedClassifier:
        """The classifier, on the first device; its model is not loaded yet."""
        if self._backends.classifier is not None:
            return OpenedClassifier(self._backends.classifier, self.settings.classifier)
        self.consent.check("classifier", self.settings.classifier)
        return open_classifier(self.settings.classifier, self._devices[0])

    @functools.cached_property
    def verifier(self) -> OpenedVerifier | None:
        """What sees attributes in pictures, on the first device and not loaded yet; ``None`` if nothing does."""
        if self._backends.verifier is not None:
            return OpenedVerifier(self._backends.verifier, self.settings.verifier)
        self.consent.check("verifier", self.settings.verifier)
        opened = open_verifier(self.settings.verifier, self._devices[0])
        if opened is not None:
            check_classifier(self.settings.verifier, self.settings.classifier)
            with contextlib.suppress(IncompleteError):  # there is no corpus yet
                check_writer(opened, authors(self.run.corpus_document().provenance))
        return opened

    @functools.cached_property
    def purse(self) -> Purse | None:
        """What pays the verifier, if it asks a language model."""
        verifier = self.verifier
        if verifier is None or not isinstance(verifier.own, AskingVerifier):
            return None
        return Purse(self.run, verifier.own, verifier.fingerprint, self.settings)

    @functools.cached_property
    def _devices(self) -> tuple[str, ...]:
        return parse_devices(self.settings.device)

    @functools.cached_property
    def perception(self) -> Perception | None:
        """The network for perceptual distances, on the first device and not loaded yet; ``None`` if none is wanted."""
        return open_perception(self.settings.perceptual, self._devices[0])

    @functools.cached_property
    def forecast(self) -> Forecast:
        """When the work of this session will be done."""
        return Forecast(rates.recall())

    @functools.cached_property
    def edits(self) -> dict[str, EditRow]:
        """The editor's edits so far by key; those who make more add them here."""
        return self.run.edits(self.editor_fingerprint)

    @functools.cached_property
    def scores(self) -> Scores:
        """The classifier's scores so far by subject; those who make more add them here."""
        return self.run.scores(self.classifier.fingerprint)

    @functools.cached_property
    def searched(self) -> Corpus:
        """The hierarchy as it is searched: its attributes added or removed, its groups measured as the settings say."""
        return grouped(directed(self.corpus, self.settings.direction), self.settings.groups)

    @functools.cached_property
    def protected(self) -> tuple[str, ...]:
        """The ids of the attributes whose changes are told first."""
        if self.settings.protect and self.verifier is None:
            raise UsageError(
                "--protect says of which attributes a verifier is to tell first whether edits change them, and there "
                "is no verifier: give --verifier SPEC, or leave --protect out"
            )
        return protected(self.corpus, self.settings.protect)

    @functools.cached_property
    def stand_ins(self) -> StandIns:
        """The edits that stand for its candidates. What images show is not known before readings that are no
        probabilities are calibrated."""
        known = self.verifier is None or self.verifier.calibrated or self.calibration.placebos is not None
        readings = self.readings if known else {}
        return StandIns(self.searched, tuple(self.images), self.settings.seed, readings, self.calibration)

    def calibrate(self, found: Calibration) -> None:
        """From now on read by this."""
        self.calibration = found
        self.__dict__.pop("stand_ins", None)

    @functools.cached_property
    def readings(self) -> dict[str, dict[str, float]]:
        """The verifier's readings so far: subject (an input image's key, or an edit's) → attribute's id → the
        probability that it is seen, NaN where it cannot tell; empty without one. Those who make more add them here."""
        if self.verifier is None:
            return {}
        return self.run.seen(self.verifier.fingerprint, digests_of(self.corpus))

    def key(self, image: str, candidate: Candidate) -> str:
        """The key of an edit by this editor with this seed."""
        return edit_key(image, candidate, self.editor_fingerprint, self.settings.seed)

    def keys(self, images: Sequence[str], candidate: Candidate) -> tuple[str, ...]:
        """Those of a candidate's edits of some images."""
        return edit_keys(images, candidate, self.editor_fingerprint, self.settings.seed)

    def requests(self, wishes: Iterable[EditWish]) -> list[EditRequest]:
        """The wishes as requests, each image's reconstruction first: image by image, so that an editor that prepares
        an image once does not need to keep many. No key comes twice."""
        wanted: dict[str, list[Candidate]] = {}
        for candidate, images in wishes:
            for image in images:
                wanted.setdefault(image, [RECONSTRUCTION]).append(candidate)
        requests: dict[str, EditRequest] = {}
        for image in self.images:
            for candidate in wanted.get(image, ()):
                key = self.key(image, candidate)
                requests.setdefault(key, EditRequest(key, image, candidate))
        return list(requests.values())

    def missing(self, requests: Iterable[EditRequest]) -> list[EditRequest]:
        """Those that are not made yet. A failed edit counts as made: it would fail again."""
        return [request for request in requests if request.key not in self.edits]


class _Beside(Session):
    """A session with another editor, which shares all else, loaded models included."""

    def __init__(self, main: Session, editor: str) -> None:
        super().__init__(dataclasses.replace(main.settings, editor=editor, screen="none"))
        self.stage_settings = main.stage_settings
        self.run = main.run
        self.just_made = main.just_made
        self._main = main
        self.check("editor")

    def _agree_on_editor(self) -> None:
        """It was: as what screens, or as the editor itself with another option."""

    @functools.cached_property
    def corpus(self) -> Corpus:
        return self._main.corpus

    @functools.cached_property
    def images(self) -> dict[str, InputImage]:
        return self._main.images

    @functools.cached_property
    def pictures(self) -> LazyPictures:
        return self._main.pictures

    @functools.cached_property
    def _bounds(self) -> Bounds | None:
        return self._main._bounds

    @functools.cached_property
    def classifier(self) -> OpenedClassifier:
        return self._main.classifier

    @functools.cached_property
    def verifier(self) -> OpenedVerifier | None:
        return self._main.verifier

    @functools.cached_property
    def purse(self) -> Purse | None:
        return self._main.purse

    @functools.cached_property
    def readings(self) -> dict[str, dict[str, float]]:
        return self._main.readings

    @functools.cached_property
    def perception(self) -> Perception | None:
        return self._main.perception

    @functools.cached_property
    def forecast(self) -> Forecast:
        return self._main.forecast

    @functools.cached_property
    def edits(self) -> dict[str, EditRow]:
        same = self.editor_fingerprint == self._main.editor_fingerprint
        return self._main.edits if same else self.run.edits(self.editor_fingerprint)

    @functools.cached_property
    def scores(self) -> Scores:
        return self._main.scores


def _fast(main: Session) -> Session:
    own = registry.parse_spec(main.settings.editor)
    options = {**own.options, "preset": "fast"}
    spec = ":".join([own.name, own.model, ",".join(f"{key}={value}" for key, value in options.items())])
    main.check("editor")  # what is wrong with its own options is not the preset's fault
    try:
        found = _Beside(main, spec)
    except UsageError as error:
        raise UsageError(
            f"--screen fast: the editor {main.settings.editor} cannot be given preset=fast ({error}): "
            "name a cheaper editor, --screen SPEC"
        ) from error
    if found.editor_fingerprint == main.editor_fingerprint:
        raise UsageError(
            f"--screen fast changes nothing about the editor {main.settings.editor}, whose own options take "
            "precedence: name a cheaper editor, --screen SPEC"
        )
    return found


def planned_session(stage: str, settings: Settings) -> Session:
    """A session to see what a stage would do; complains about the run directory as :func:`locked_session` does."""
    check_run(stage, settings.run)
    return Session(settings)


@contextmanager
def locked_session(
    stage: str, settings: Settings, backends: Backends | None = None, shard: Shard | None = None
) -> Iterator[Session]:
    """A session in a run directory that nobody else writes to meanwhile, but its other shards if it is one.

    What is recorded in it is forgotten if the stage fails before its settings are known to be good; what shards record,
    all the same, stays.

    Raises:
        DiffexError: somebody else does.
        IncompleteError: there is no run directory, and the stage is not the first.
        UsageError: the first stage would begin a run among somebody's files, or a folder of the run is a link.
    """
    check_run(stage, settings.run)
    session = Session(settings, backends)
    if shard is not None:
        with shard_lock(settings.run, f"diffex {stage} --shard {shard}", shard.name):
            session.consent.remember()
            yield session
        return
    with RunLock(settings.run, f"diffex {stage}"):
        sweep(settings.run)
        session.consent.remember()
        with forgotten_if_bad(session.run, stage, session.proved):
            yield session
