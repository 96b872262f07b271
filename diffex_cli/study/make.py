"""Makes a user study of a finished run: a page for its participants, and the key to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.lock import RunLock
from diffex_cli.artifacts.pictures import open_picture
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Node
from diffex_cli.core.inside import is_file
from diffex_cli.core.progress import Progress
from diffex_cli.heatmaps.kinds import Kind as HeatKind
from diffex_cli.heatmaps.maps import HeatMaps, Picture
from diffex_cli.report.finished import FinishedRun, read_finished
from diffex_cli.report.numbers import counted
from diffex_cli.study.already import REASONS, LeftOut, Sieve
from diffex_cli.study.choosing import Choice, Edited, identify_items, joint_items, quality_items
from diffex_cli.study.order import shuffled
from diffex_cli.study.page import Page, Shown, render
from diffex_cli.study.pictures import MAX_PIXELS, Album, overlay_from
from diffex_cli.study.study import STUDY_FILE, Item, Study, read_study, study_id, write_study
from diffex_cli.study.wording import METHODS, Kind

PAGE_FILE = "page.html"
_LOOKING = "looking at the edits"


@dataclasses.dataclass(frozen=True, slots=True)
class StudyOptions:
    """What study is wanted.

    Attributes:
        attributes: at most how many; of a joint study, of each number of attributes.
        per_attribute: images of each, of ``identify`` for each method.
        heatmap: for ``identify``: the kind of heat map to compare with, or ``None`` for none.
        heatmaps: a folder of heat maps to compare with instead.
        max_pixels: the longer side at which pictures are stored.
        out: where to; ``None`` is in the run directory.
        consent: to opening the run's classifier, for heat maps; ``None`` for what was noted earlier.
    """

    kind: Kind
    attributes: int = 10
    per_attribute: int = 1
    seed: int = 0
    heatmap: HeatKind | None = None
    heatmaps: Path | None = None
    out: Path | None = None
    device: str = "auto"
    max_pixels: int = MAX_PIXELS
    consent: Consent | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class StudyMade:
    """Where a study is.

    Attributes:
        page: for the participants.
        key: for its maker: which item is what.
        per_participant: how many of them one participant answers.
        attributes: how many different attributes, or sets, were edited.
        left_out: how many edits there was nothing to ask about.
    """

    study: str
    kind: Kind
    page: Path
    key: Path
    items: int
    per_participant: int
    attributes: int
    size: int
    warnings: tuple[str, ...]
    left_out: LeftOut


def make(run: Path, wish: StudyOptions, progress: Progress) -> StudyMade:
    """Write a study's page and its key.

    Raises:
        IncompleteError: the run has no ranking.
        UsageError: the run has too little for such a study, a heat map is missing, or the folder holds another study.
    """
    finished = read_finished(run)
    if wish.kind != "identify" and wish.heatmaps is not None:
        raise UsageError(f"--heatmaps goes with --kind identify, not with {wish.kind}: leave it out")
    with RunLock(run, "study"):
        return _Workshop(finished, wish, progress).make()


class _Workshop:
    """Makes one study."""

    def __init__(self, finished: FinishedRun, wish: StudyOptions, progress: Progress) -> None:
        self._wish = wish
        self._progress = progress
        self._run = finished
        self._sieve = Sieve(finished)

    def make(self) -> StudyMade:
        wish = self._wish
        drawn = shuffled(self._items(), f"{wish.seed}/page")
        heat = self._heat_name if any(item.method == "heatmap" for item in drawn) else ""
        id = study_id(wish.kind, wish.seed, heat, drawn)
        items = tuple(dataclasses.replace(item, id=_opaque(id, number)) for number, item in enumerate(drawn))
        turns = 1 + max(item.turn for item in items)
        folder = wish.out or self._run.path / "study" / wish.kind
        key = folder / STUDY_FILE
        if is_file(key) and read_study(key).id != id:
            raise UsageError(
                f"{folder} holds another study, which participants may have answered: give another folder with --out, "
                "or remove it"
            )
        album, overlays = Album(wish.max_pixels), self._overlays(items)
        shown = tuple(self._shown(item, album, overlays) for item in items)
        text = render(Page(id, wish.kind, turns, shown, album.uris))
        study = Study(id, wish.kind, self._run.corpus.domain, heat, turns, items, provenance("study", self._settings))
        write_study(study, key)
        write_text(folder / PAGE_FILE, text)
        return StudyMade(
            study=id,
            kind=wish.kind,
            page=folder / PAGE_FILE,
            key=key,
            items=len(items),
            per_participant=len(study.of_turn(0)),
            attributes=len({item.candidate for item in items}),
            size=len(text.encode()),
            warnings=(*self._run.run.warnings, *_told(self._sieve.left_out)),
            left_out=self._sieve.left_out,
        )

    def _items(self) -> tuple[Item, ...]:
        wish = self._wish
        used = {part for one in self._run.search.joint for part in one.parts}
        if wish.kind == "joint":
            edited = self._edited(lambda id: " + " in id or id in used)
            return joint_items(edited, wish.attributes, wish.per_attribute, wish.seed)
        edited = self._edited(lambda id: " + " not in id)
        if wish.kind == "quality":
            return quality_items(edited, wish.attributes, wish.per_attribute, wish.seed)
        with_heat = wish.heatmap is not None or wish.heatmaps is not None
        methods = METHODS if with_heat else tuple(method for method in METHODS if method != "heatmap")
        choices = [Choice(node.id, node.name) for node in _leaves(self._run.corpus.roots)]
        return identify_items(edited, choices, methods, wish.attributes, wish.per_attribute, wish.seed)

    def _edited(self, wanted: Callable[[str], bool]) -> list[Edited]:
        """What the search tried, without placebos; what passed first, then what was kept, then by influence.

        Args:
            wanted: whether a candidate is of use, by its id.
        """
        rows = sorted(self._run.ranking, key=lambda row: (row.passed is not True, row.status != "kept", row.rank))
        rows = [row for row in rows if not row.placebo and wanted(row.candidate)]
        self._progress.start(_LOOKING, len(rows))
        found = []
        for row in rows:
            candidate = self._run.candidates.get(row.candidate)
            edits = {} if candidate is None else self._sieve.worth_asking(candidate)
            if edits:
                size = row.candidate.count(" + ") + 1
                found.append(Edited(row.candidate, row.name, size, row.group, edits))
            self._progress.advance(_LOOKING)
        return found

    def _shown(self, item: Item, album: Album, overlays: Mapping[str, Image.Image]) -> Shown:
        pictures = [self._run.run.picture(self._run.images[item.image]), self._edited_picture(item)]
        if item.method == "heatmap":
            pictures.append(overlays[item.edit])
        words = item.name if item.method in ("", "words") else ""
        options = tuple(sorted(item.options))
        return Shown(item.id, item.turn, tuple(map(album.add, pictures)), words, options)

    def _overlays(self, items: Sequence[Item]) -> Mapping[str, Image.Image]:
        """Edit key → the edited picture with its heat over it."""
        wish = self._wish
        mapped = [item for item in items if item.method == "heatmap"]
        if wish.heatmaps is not None:
            return {item.edit: overlay_from(wish.heatmaps, item.edit, self._edited_picture(item)) for item in mapped}
        if wish.heatmap is None or not mapped:
            return {}
        files = {item.edit: self._run.path / str(self._run.edits[item.edit].file) for item in mapped}
        subjects = {item.edit: Picture(files[item.edit], item.image) for item in mapped}
        overlays = HeatMaps(self._run, wish.heatmap, wish.device, wish.consent).overlays(
            subjects.values(), self._progress
        )
        return {edit: open_picture(overlays[subject.file]) for edit, subject in subjects.items()}

    def _edited_picture(self, item: Item) -> Image.Image:
        return self._run.run.edited_picture(self._run.edits[item.edit])

    @property
    def _heat_name(self) -> str:
        return self._wish.heatmaps.name if self._wish.heatmaps is not None else str(self._wish.heatmap)

    @property
    def _settings(self) -> Mapping[str, object]:
        wish, search = self._wish, self._run.search
        return {
            "kind": wish.kind,
            "attributes": wish.attributes,
            "per_attribute": wish.per_attribute,
            "seed": wish.seed,
            "heatmap": None if wish.kind != "identify" else self._heat_name,
            "edits": self._sieve.left_out.edits,
            "left_out": self._sieve.left_out.total,
            "left_out_because": {name: getattr(self._sieve.left_out, name) for name in REASONS},
            "target": search.target,
            "classifier": dataclasses.asdict(search.classifier),
            "name": search.name,
            "editor": dataclasses.asdict(search.editor),
        }


def _told(left_out: LeftOut) -> tuple[str, ...]:
    why = [f"{count} because {reason}" for name, reason in REASONS.items() if (count := getattr(left_out, name))]
    if not why:
        return ()
    return (
        f"Not asked about: {left_out.total} of {counted(left_out.edits, 'edit')} ({', '.join(why)}); tell these "
        "numbers with the study's figures",
    )


def _leaves(nodes: Sequence[Node]) -> list[Node]:
    """The finest attributes that images can have."""
    found = []
    for node in nodes:
        if not node.placebo:
            found += _leaves(node.children) if node.children else [node]
    return found


def _opaque(study: str, number: int) -> str:
    return f"{study[:6]}-{number + 1:03d}"
