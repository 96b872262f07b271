"""``diffex run``: all stages, one after the other, in one process."""

from __future__ import annotations

from diffex_cli.commands import corpus as corpus_command
from diffex_cli.commands import report as report_command
from diffex_cli.commands import search as search_command
from diffex_cli.commands.options import All, Given, takes
from diffex_cli.commands.output import Output
from diffex_cli.core.configuration import resolve
from diffex_cli.core.settings import DEFAULT_ORIGIN, OF_THE_CALL, Settings

_SETTINGS = tuple(dict.fromkeys((*corpus_command.SETTINGS, *search_command.SETTINGS)))


@takes(*_SETTINGS, provider=corpus_command.Providers)
def run(
    given: Given,
    *,
    page: report_command.Page,
    force: corpus_command.Force = False,
    everything: All = False,
    output: Output,
) -> None:
    """Do what `diffex corpus`, `diffex search` and `diffex report` do, and leave the same files.

    The search makes the edits, scores and readings that it needs, so models are loaded once. Interrupted, the same
    command continues where it stopped. How much there is to do is told by `diffex search --dry-run` after `diffex
    corpus`.
    """
    _check(corpus_command.resolved(given, "classifier", "editor"), page)
    # every stage is given what its own command would be: what run.yaml says of it is then the same
    settings = corpus_command.resolved(given.only(corpus_command.SETTINGS))
    made = corpus_command.made(output, settings, force=force)
    output.say(corpus_command.told(made, settings))
    output.say()
    settings = given.only(search_command.SETTINGS).settings("classifier", "editor")
    summary = search_command.found(output, settings)
    if not (output.json or output.quiet):
        search_command.print_ranking(output, settings, summary, everything=everything)
        output.say()
    output.warnings(summary.warnings)
    written = report_command.written(output, _of_report(settings), page)
    data = {**search_command.as_data(settings, summary), "report": written.html} if output.json else {}
    quiet = "\n".join([*search_command.kept_lines(summary), str(written.html)])
    output.result(data, report_command.told(written, settings), quiet=quiet)


def _of_report(searched: Settings) -> Settings:
    """As `run.yaml` has them now: a file or the environment may say otherwise than the flags, which a report would
    refuse."""
    given = [name for name in OF_THE_CALL if searched.origins[name] != DEFAULT_ORIGIN]
    return resolve({name: getattr(searched, name) for name in given}, env={})


def _check(settings: Settings, page: report_command.Page) -> None:
    """Complain before the first stage about what a later one would refuse."""
    from diffex_cli.measure.session import OPENED, Session
    from diffex_cli.search.search import check

    page.check()
    check(settings)
    Session(settings).check(*OPENED)
