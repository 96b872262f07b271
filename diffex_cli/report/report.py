"""The stage ``report``: the ranking and the pictures in, something to look at out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from diffex_cli.artifacts import results
from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SETTINGS
from diffex_cli.core.errors import UsageError
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import SEARCH_ORIGIN, Settings, flag
from diffex_cli.heatmaps.kinds import Kind
from diffex_cli.measure import plan as plans
from diffex_cli.measure.recording import record
from diffex_cli.measure.session import locked_session, planned_session
from diffex_cli.report import choose, unchanged
from diffex_cli.report.build import MAX_SIZE, Report, build
from diffex_cli.report.data import ReportData
from diffex_cli.report.finished import FinishedRun
from diffex_cli.report.pictures import MAX_PIXELS, Gallery
from diffex_cli.report.reading import report_data
from diffex_cli.report.tree import hierarchy

_HEATED = 4
"""Pairs of each kept attribute that get heat maps: by occlusion one picture takes hundreds of scores."""


def run(
    settings: Settings,
    progress: Progress,
    max_size: int = MAX_SIZE,
    heatmap: Kind | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Report:
    """Write ``report/`` about the last search, or beside the kept result for another target, unless it would come out
    as it is there. No model is touched, but for heat maps that are not made yet.

    Raises:
        IncompleteError: there is no ranking yet.
        UsageError: the settings name something else than what was searched, or the classifier allows no such heat maps.
    """
    with locked_session("report", settings) as session:
        finished = _searched(settings)
        if not finished.is_kept:  # what follows is about the last search
            record(session.run, "report", settings, finished.search.target)
        notes = unchanged.Notes(settings, finished.result / "report", max_size, heatmap, max_pixels)
        noted = None if settings.verify_files else notes.recall()
        if noted is not None:
            return noted
        data = report_data(finished, settings)
        if heatmap is not None:
            data = _heated(data, finished, heatmap, settings, progress)
        report = build(data, finished.result / "report", max_size, max_pixels, settings.run, progress)
        warnings = dict.fromkeys([*data.warnings, *report.warnings, *_too_large(report, max_size)])
        report = dataclasses.replace(report, warnings=tuple(warnings))
        notes.remember(report)
        return report


def read(settings: Settings) -> ReportData:
    """What :func:`run` would show, without writing anything."""
    return report_data(_searched(settings), settings)


def _heated(data: ReportData, run: FinishedRun, kind: Kind, settings: Settings, progress: Progress) -> ReportData:
    """The data with heat maps of the most typical pairs of the leading attributes."""
    from diffex_cli.heatmaps.maps import HeatMaps, Picture

    maps = HeatMaps(run, kind, settings.device, Consent.of(settings))
    gallery = Gallery()
    rows = choose.leading_rows(data, hierarchy(data))[: choose.COLUMNS]
    pairs = [pair for row in rows for pair in choose.typical_pairs(data, row, gallery, _HEATED)]
    subjects = [Picture(shot.file, pair.image) for pair in pairs for shot in (pair.original, pair.edited)]
    note = f"{maps.note} Made of the {_HEATED} most typical pairs of the leading attributes."
    evidence = dataclasses.replace(
        data.evidence, heat=maps.overlays(subjects, progress), heat_kind=maps.kind, heat_note=note
    )
    return dataclasses.replace(data, evidence=evidence)


def _too_large(report: Report, max_size: int) -> Iterator[str]:
    limit = f"{max_size / 1e6:g} MB"
    if report.assets is not None:
        told = "they are in" if report.thumbnails_beside else "it shows them small, and at full size they are in"
        yield (
            f"With its {report.pictures} pictures in it the page would be larger than {limit}: {told} "
            f"{report.assets}, which has to go wherever the page goes; --max-size sets the limit."
        )
    if report.size > max_size:
        yield (
            f"The page is {report.size / 1e6:.2g} MB large, more than the {limit} of --max-size: its words and numbers "
            "alone take that much, even compressed."
        )


def plan(settings: Settings) -> plans.Plan:
    """What :func:`run` would do: how many candidates it would show."""
    planned_session("report", settings)
    n = len(_searched(settings).ranking)
    return plans.count("report", "candidates", n, n)


def _searched(settings: Settings) -> FinishedRun:
    """The last search, or the one for the target and of the classifier that somebody names now.

    The report is about it as it was, so other settings would be a lie. But those that ``run.yaml`` remembers are of
    whatever came after it, finished or not.
    """
    given = settings.given(now=True)
    of_result = {name for name in ("target", "classifier") if settings.origins.get(name) == SEARCH_ORIGIN}
    asked = given | {name: getattr(settings, name) for name in of_result}
    folder = results.find_named(settings.run, *(_text(asked.get(name)) for name in ("target", "classifier")))
    found = FinishedRun(RunDirectory(settings.run, folder, settings.verify_files))
    _ = found.ranking  # complain before anything is remembered
    search = found.search
    used = {name: getattr(search, name) for name in SETTINGS} | {"editor": search.editor.spec}
    for name in ("editor", *SETTINGS):
        # what the file of an earlier version, or of another program, lacks cannot be compared
        if name in given and name not in search.unsaid and given[name] != used[name]:
            option, which = flag(name), f"search for {search.target!r}" if found.is_kept else "last search"
            raise UsageError(f"the {which} had {option} {used[name]}, not {given[name]}: run `diffex search` first")
    found.check_current()
    return found


def _text(value: object) -> str | None:
    return None if value is None else str(value)
