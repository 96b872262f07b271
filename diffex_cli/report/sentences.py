"""The report in sentences: the headline, what mattered and what did not, the noise floor, and what to beware of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import below_floor, finer, found, is_set, kept, noise_floor, ranked
from diffex_cli.report.numbers import counted, finite, interval, magnitude, share, signed
from diffex_cli.report.words import Segment, Text, listed, words

_NAMED = 8
"""Attributes that a caution names before it only counts."""
_NBSP = "\N{NO-BREAK SPACE}"


def subject(target: str) -> str:
    """What is explained, as a sentence's subject."""
    return "The class predicted for each image" if target == "predicted" else f"‘{target}’"


def name(row: Row) -> Segment:
    """An attribute's name, as words that say which attribute they name."""
    return Segment(row.name, row.candidate)


def _measured(row: Row, data: ReportData) -> Text:
    parts = [f"{signed(row.effect)} {data.unit}"]
    if finite(row.low) and finite(row.high):
        parts.append(f"95{_NBSP}% interval {interval(row.low, row.high)}")
    parts.append(f"n{_NBSP}={_NBSP}{row.n}")
    measured = ", ".join(parts)
    if row.effect_holdout is not None:
        again = f"{signed(row.effect_holdout)}, {interval(row.low_holdout, row.high_holdout)}"
        measured += f"; on {row.n_holdout} held-out images {again}"
    return words(name(row), f" ({measured})")


def headline(data: ReportData) -> Text:
    """The report's first sentence: what raises and what lowers the target most, or that nothing does."""
    rows = found(data)
    raised = max((row for row in rows if row.effect > 0), key=lambda row: row.effect, default=None)
    lowered = min((row for row in rows if row.effect < 0), key=lambda row: row.effect, default=None)
    if data.every_class:
        return _of_all_classes(data, raised, lowered) if rows else _nothing(data)
    passed = "passed" if data.judged else "was kept"
    if raised and lowered:
        first, second = _measured(raised, data), _measured(lowered, data)
        told = words(subject(data.target), " is raised most by ", first, " and lowered most by ", second, ".")
    elif raised:
        first = _measured(raised, data)
        told = words(subject(data.target), " is raised most by ", first, f"; nothing that {passed} lowers it.")
    elif lowered:
        first = _measured(lowered, data)
        told = words(subject(data.target), " is lowered most by ", first, f"; nothing that {passed} raises it.")
    else:
        return _nothing(data)
    return words(told, *(_finer(row, data) for row in (raised, lowered) if row))


def _finer(row: Row, data: ReportData) -> Text:
    child = finer(row, data.rows)
    return (
        words() if child is None else words(" Of ", name(row), ", ", _measured(child, data), " does as much by itself.")
    )


def _of_all_classes(data: ReportData, raised: Row | None, lowered: Row | None) -> Text:
    pieces = [
        words(f"{subject(row.target)} is {verb} most, by ", _measured(row, data))
        for verb, row in (("raised", raised), ("lowered", lowered))
        if row
    ]
    return words("Of all classes, ", listed(pieces, ", and "), ".")


def _nothing(data: ReportData) -> Text:
    for_whom = "any class" if data.every_class else subject(data.target)[:1].lower() + subject(data.target)[1:]
    rows = kept(data.rows)
    if rows:
        told = words(f"Nothing passed: no attribute that was tried can be told from noise for {for_whom}.")
    else:
        threshold = f"δ{_NBSP}={_NBSP}{magnitude(data.delta)} {data.unit}"
        told = words(f"No attribute that was tried passed {threshold} for {for_whom}.")
    others = (row for row in ranked(data.rows) if finite(row.effect) and not row.placebo and not is_set(row))
    strongest = rows[0] if rows else next(others, None)
    return words(told, " The strongest was ", _measured(strongest, data), ".") if strongest else told


def joint_sentence(data: ReportData) -> Text | None:
    """The best joint combination against the sum of its attributes; ``None`` if no set was kept."""
    row = next((row for row in data.rows if row.candidate == data.best_joint), None)
    if row is None:
        return None
    told = ""
    if data.every_class:
        told += f" on {subject(row.target)}"
    if row.joint_sum is not None:
        told += f"; one by one its attributes sum up to {signed(row.joint_sum)}"
    if row.interaction is not None:
        told += f", so that they interact by {signed(row.interaction)}"
        if row.interaction_low is not None and row.interaction_high is not None:
            told += f" ({interval(row.interaction_low, row.interaction_high)}"
            told += ", which includes zero)" if row.interaction_low <= 0 <= row.interaction_high else ")"
    told += "." if row.passed or not data.judged else ". It did not pass."
    return words("Best joint combination: ", _measured(row, data), told)


def floor_sentence(data: ReportData) -> str:
    """The noise floor in words, or that it was not measured."""
    floor = noise_floor(data)
    if floor is None:
        return "Noise floor: not measured, because no placebo attribute was scored."
    arms = f"{counted(floor.arms, 'attribute')} that these images cannot have"
    meanings = {
        "placebos": f"what {arms} can reach",
        "sign flips": "what the strongest attribute would reach by chance, by the spread over the images",
        "largest placebo": f"the largest influence of {arms}",
    }
    meaning = f", {meanings[floor.source]}" if floor.source in meanings else ""
    chance = "; as their edits change nothing, it says nothing of chance" if floor.value == 0 else ""
    return f"Noise floor: {magnitude(floor.value)} {data.unit}{meaning}{chance}."


def detectable_sentence(data: ReportData) -> str | None:
    """How large an effect has to be to be found by a search of this size; ``None`` if that is not known."""
    if data.detectable == math.inf:
        return "With so few images no effect, however large, could have passed."
    if not finite(data.detectable):
        return None
    return (
        f"A search of this size finds an effect of {magnitude(data.detectable)} {data.unit} four times out of five; "
        "a smaller one could have been missed."
    )


def cautions(data: ReportData) -> tuple[str, ...]:
    """Sentences about results that should not be taken at face value."""
    return tuple(_cautions(data))


def _cautions(data: ReportData) -> Iterator[str]:
    rows = kept(data.rows)
    floor = noise_floor(data)
    if floor is not None and floor.value > 0 and floor.value >= data.delta:
        yield (
            f"The noise floor reaches δ: influences up to {magnitude(floor.value)} {data.unit} can be noise here, so "
            "that δ alone tells nothing."
        )
    noisy = [row for row in rows if below_floor(row, floor)]
    if noisy:
        yield f"Kept, but not above the noise floor: {_names(noisy)}."
    chance = [row for row in rows if row.passed is False and row not in noisy]
    if chance:
        among = f" for {counted(data.corrected_for, 'comparison')}" if data.corrected_for is not None else ""
        yield f"Kept, but not beyond chance (corrected p > 0.05{among}): {_names(chance)}."
    unsure = [row for row in rows if finite(row.low) and finite(row.high) and row.low <= 0 <= row.high]
    if unsure:
        yield f"Kept, but the 95 % interval includes zero: {_names(unsure)}."
    lost = [row for row in rows if row.confirmed is False]
    if lost:
        yield f"Kept, but the held-out images do not confirm it: {_names(lost)}."
    few = [row for row in rows if row.n < data.n_images]
    if few:
        yield f"Kept, but measured on fewer than all {data.n_images} images: {_names(few)}."


def _names(rows: Sequence[Row]) -> str:
    shown = ", ".join(f"‘{row.name}’" for row in rows[:_NAMED])
    return shown if len(rows) <= _NAMED else f"{shown} and {len(rows) - _NAMED} more"


_FINDINGS = 5


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
