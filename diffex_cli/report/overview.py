"""What a reader who reads nothing else should know: what mattered, attribute by attribute, and what did not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import below_floor, found, is_set, noise_floor, ranked
from diffex_cli.report.numbers import counted, finite, interval, magnitude, share, signed
from diffex_cli.report.sentences import name, subject
from diffex_cli.report.words import Text, listed, words

_FINDINGS = 5
_NAMED = 8


def findings(data: ReportData) -> tuple[Text, ...]:
    """A sentence for each attribute that can be claimed, strongest first, at most five; one more counts the rest."""
    rows = found(data)
    texts = [_finding(row, data) for row in rows[:_FINDINGS]]
    if len(rows) > _FINDINGS:
        more = counted(len(rows) - _FINDINGS, "more attribute")
        texts.append(words(f"{more} {'passed' if data.judged else 'were kept'}, with smaller effects."))
    return tuple(texts)


def _finding(row: Row, data: ReportData) -> Text:
    ends = interval(row.low, row.high)
    inside = [f"{signed(row.effect)} {data.unit}", *([f"95 % {ends}"] if finite(row.low) and finite(row.high) else [])]
    whom = f" {subject(row.target)}" if data.every_class else ""
    told = f" {'raises' if row.effect > 0 else 'lowers'}{whom} ({', '.join(inside)}, n = {row.n})"
    together = row.up if row.effect > 0 else row.down
    if together is not None:
        told += f", on {share(together)} of the images"
    flips, where, whither = (row.flip_to, "not ", "to") if row.effect > 0 else (row.flip_from, "", "away from")
    if flips:
        told += f"; where it was {where}the prediction, {share(flips)} flip {whither} it"
    if row.effect_holdout is not None:
        told += f"; on held-out images {signed(row.effect_holdout)} ({interval(row.low_holdout, row.high_holdout)})"
    return words(name(row), told, ".")


def unimportant(data: ReportData) -> tuple[Text, ...]:
    """What did not matter: smaller than δ, not told from chance, and what never could have."""
    return tuple(_unimportant(data))


def _unimportant(data: ReportData) -> Iterator[Text]:
    claimed = {row.candidate for row in found(data)}
    above = {ancestor for id in claimed for ancestor in _ancestors(id)}
    others = [
        row
        for row in ranked(data.rows)
        if finite(row.effect) and not row.placebo and not is_set(row) and row.candidate not in claimed
    ]
    both_ways = {
        step.candidate
        for level in data.levels
        for step in level.steps
        if finite(step.reach) and step.reach >= data.delta
    }
    weak = [row for row in others if row.influence < data.delta or below_floor(row, noise_floor(data))]
    small = [row for row in weak if row.candidate not in above | both_ways]
    if small:
        small.sort(key=lambda row: (row.depth, row.influence, row.candidate))
        limit = f"less than δ = {magnitude(data.delta)} {data.unit} on average"
        if any(row.influence >= data.delta for row in small):
            limit += ", or no more than noise can"
        yield words("Did not matter (", limit, "): ", _named(small), ".")
    mixed = [row for row in weak if row.candidate in both_ways and row.candidate not in above]
    if mixed:
        yield words("Moved images both ways, so that little is left on average: ", _named(mixed), ".")
    unsure = [row for row in others if row not in weak]
    if unsure:
        why = "could not be told from chance, or added nothing to a coarser one" if data.judged else "were not kept"
        yield words(f"Seemed to move it, but {why}: ", _named(unsure), ".")
    placebos = [row for row in ranked(data.rows) if row.placebo and finite(row.effect)]
    if placebos:
        worst = max(placebos, key=lambda row: row.influence)
        moved = f"{signed(worst.effect)} {data.unit}"
        if len(placebos) == 1:
            yield words("The placebo ", name(worst), f", which these images cannot have, moved it by {moved}.")
        else:
            of = f"Of {len(placebos)} placebos, which these images cannot have, "
            yield words(of, name(worst), f" moved it most: {moved}.")


def _ancestors(candidate: str) -> Iterator[str]:
    parts = candidate.removeprefix("-").split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])


def _named(rows: Sequence[Row]) -> Text:
    shown = listed(words(name(row), f" ({signed(row.effect)})") for row in rows[:_NAMED])
    return shown if len(rows) <= _NAMED else words(shown, f" and {len(rows) - _NAMED} more")
