"""The one voice: what a search found, in sentences, for the terminal, the page, notebooks and JSON alike.

The first sentence about an attribute speaks of pictures and probabilities, the second of logits and what they rest on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from diffex_cli.report.changes import change_of
from diffex_cli.report.claims import Claimed, Claims, claims, images_to_decide
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.facts import cannot_draw, landed, noise_floor, p_value, ranked
from diffex_cli.report.numbers import counted, finite, interval, magnitude, percent, signed
from diffex_cli.report.sentences_of_edits import class_caution, protected_caution
from diffex_cli.report.verifier_trust import trust_sentences
from diffex_cli.report.whom import Whom, whom
from diffex_cli.report.words import Segment, Text, listed, words

_FINDINGS = 5
"""Attributes that are told one by one, beside those of the headline."""
_NAMED = 8
"""Attributes that a list names before it only counts."""
_NBSP = "\N{NO-BREAK SPACE}"


def subject(target: str) -> str:
    """What is explained, as a sentence's subject."""
    return "The class predicted for each image" if target == "predicted" else f"‘{target}’"


def name(row: Row) -> Segment:
    """An attribute's name, as words that say which attribute they name."""
    return Segment(row.name, row.candidate)


def conclusions(data: ReportData) -> tuple[Text, ...]:
    """What a search ends with: the answer, and what it rests on."""
    return (*answers(data), *map(words, grounds(data)))


def answers(data: ReportData) -> tuple[Text, ...]:
    """What matters most in each direction, or that nothing was shown to; and the best set, if there is one."""
    told = claims(data)
    found = [words(_lead(one.row, data), " ", _evidence(one.row, data), _because(one)) for one in _leading(told)]
    nothing = words(_nothing(data, told), *(f" {_evidence(row, data)}" for row in _closest(told)))
    joint = joint_sentence(data)
    return (*(found or [nothing]), *([joint] if joint else []))


def grounds(data: ReportData) -> tuple[str, ...]:
    """What an answer rests on: the images, how much was shown, and what noise can do."""
    told = claims(data)
    detectable = None if told.matters or not told.undecided else detectable_sentence(data)
    texts = (
        holdout_sentence(data) if data.n_held_out else None,
        counts_sentence(data),
        floor_sentence(data),
        detectable,
    )
    return tuple(text for text in texts if text)


def more_sentence(rows: Sequence[Row], shown: int) -> str | None:
    """That a list shows only the first of all rows; ``None`` if it shows all."""
    rest = rows[shown:]
    if not rest:
        return None
    matter = sum(row.claim == "matters" for row in rest)
    of_them = f", {matter} of them shown to matter" if matter else ""
    return f"{counted(len(rest), 'more attribute')}{of_them}: --all shows all {len(rows)}."


def headline(data: ReportData) -> Text:
    """The answer: what speaks most for the target and what most against it, or that nothing was shown to."""
    told = claims(data)
    leading = _leading(told)
    return listed((_lead(one.row, data) for one in leading), " ") if leading else _nothing(data, told)


def findings(data: ReportData) -> tuple[Text, ...]:
    """Each attribute that was shown to matter, with the figures that this rests on; one more sentence counts the rest
    of many."""
    told = claims(data)
    leading = _leading(told)
    others = [one for one in told.matters if one not in leading]
    shown = [one for one in told.matters if one in leading or one in others[:_FINDINGS]]
    texts = [words(_in_short(one, leading, data), " ", _evidence(one.row, data), _because(one)) for one in shown]
    rest = len(told.matters) - len(shown)
    if rest:
        were = (
            "was shown to matter, with a smaller effect" if rest == 1 else "were shown to matter, with smaller effects"
        )
        texts.append(words(f"{counted(rest, 'more attribute')} {were}."))
    return tuple(texts)


def could_matter(data: ReportData) -> Text | None:
    """Of which attributes too few images say whether they matter, and how many would."""
    told = claims(data)
    above = _above(told)
    rows = [row for row in told.undecided if row.candidate not in above]
    if not rows:
        return None
    needed = {row.candidate: images_to_decide(row, data) for row in rows[:_NAMED]}
    figures = {id: "" if images is None else f", {images}" for id, images in needed.items()}
    shown = _list(rows, figures)
    few = "One image is" if data.n_images == 1 else f"{data.n_images} images are"
    these = "this matters" if len(rows) == 1 else "these matter"
    also = ", and about how many images would decide" if any(figures.values()) else ""
    note = f" In brackets: the mean change of the {data.quantity}{also}."
    return words(f"{few} too few to say whether {these}: ", shown, f".{note}")


def small(data: ReportData) -> tuple[Text, ...]:
    """What was shown to be small, and what moved images both ways."""
    return tuple(_small(data))


def _small(data: ReportData) -> Iterator[Text]:
    told = claims(data)
    both_ways = {
        step.candidate
        for level in data.levels
        for step in level.steps
        if finite(step.reach) and step.reach >= data.delta
    }
    above = _above(told)
    rows = [row for row in told.small if row.candidate not in above]
    still = [row for row in rows if row.candidate not in both_ways]
    if still:
        limit = f"the whole 95{_NBSP}% interval within ±{magnitude(data.delta)} {data.unit}"
        yield words(f"Shown to do less than δ, with {limit}: ", _list(still), ".")
    mixed = [row for row in rows if row.candidate in both_ways]
    if mixed:
        yield words("Moved images both ways, so that little is left on average: ", _list(mixed), ".")


def not_tested(data: ReportData) -> tuple[Text, ...]:
    """What the editor cannot draw, so that nothing can be said of it, and of what too few edits tell whether it can."""
    told = claims(data)
    above = _above(told)
    rows = [row for row in told.not_tested if row.candidate not in above]
    parts = ([row for row in rows if cannot_draw(row)], [row for row in rows if not cannot_draw(row)])
    starts = ("The editor cannot draw {}", "There are too few edits to tell whether the editor can draw {}")
    return tuple(
        words(f"{start.format(_these(own))} not tested: ", _listing(own, landed), ".")
        for start, own in zip(starts, parts, strict=True)
        if own
    )


def _these(rows: Sequence[Row]) -> str:
    return "this, so it was" if len(rows) == 1 else "these, so they were"


def placebo_sentence(data: ReportData) -> Text | None:
    """What the strongest placebo did; ``None`` if none was measured."""
    placebos = [row for row in ranked(data.rows) if row.placebo and finite(row.effect)]
    if not placebos:
        return None
    worst = max(placebos, key=lambda row: row.influence)
    moved = f"{_whom(worst.target, data).object} by {signed(worst.effect)} {data.unit}"
    if len(placebos) == 1:
        return words("The placebo ", name(worst), f", which these images cannot have, moved {moved}.")
    of = f"Of {len(placebos)} placebos, which these images cannot have, the strongest, "
    return words(of, name(worst), f", moved {moved}.")


def holdout_sentence(data: ReportData) -> str:
    """How many images the search used, and how many it did not."""
    more = "1 more was" if data.n_held_out == 1 else f"{data.n_held_out} more were"
    return f"The search used {counted(data.n_images, 'image')}; {more} held out to measure again what it chose."


def counts_sentence(data: ReportData) -> str:
    """How many attributes are in which list, and by what standard."""
    told = claims(data)
    matter, small, undecided, untested = (
        sum(1 + len(one.because) for one in told.matters),
        len(told.small),
        len(told.undecided),
        len(told.not_tested),
    )
    among = f" when corrected for all {data.corrected_for} comparisons" if (data.corrected_for or 0) > 1 else ""
    standard = f"(p ≤ 0.05{among}, above the noise floor)"
    total = matter + small + undecided + untested
    if total == 0:
        return "No attribute could be measured."
    if total == untested:
        return f"No attribute could be tested: {_draws_nothing(told, 'none of them')}."
    if total == 1:
        which = f"was shown to matter {standard}" if matter else "was shown to be small" if small else "could matter"
        return f"The one attribute that was measured {which}."
    left = f"; {undecided} could matter" if undecided else ""
    left += f"; {untested} {'was' if untested == 1 else 'were'} not tested" if untested else ""
    were = f"{matter or 'none'} {'was' if matter == 1 else 'were'}"
    return f"Of {total} attributes, {were} shown to matter {standard} and {small or 'none'} to be small{left}."


def _leading(told: Claims) -> list[Claimed]:
    """The strongest attribute in each direction, the stronger one first; a mixture only if there is nothing else."""
    sure = [one for one in told.matters if not one.mixture] or told.matters
    raised = next((one for one in sure if one.row.effect > 0), None)
    lowered = next((one for one in sure if one.row.effect < 0), None)
    return sorted((one for one in (raised, lowered) if one), key=lambda one: -one.row.influence)


def _lead(row: Row, data: ReportData) -> Text:
    """The first sentence about an attribute: of pictures and probabilities, never of logits."""
    target, consequence = _whom(row.target, data), _consequence(row, data)
    if consequence is None:
        return words(f"What {'raises' if row.effect > 0 else 'lowers'} {target.object} most is ", name(row), ".")
    if target.recognised and row.effect > 0 and not _removed(row):
        return words(f"{target.object} is recognised by ", name(row), f": {consequence}")
    direction = "for" if row.effect > 0 else "against"
    return words(f"What speaks most {direction} {target.object} is ", name(row), f": {consequence}")


def _in_short(one: Claimed, leading: Sequence[Claimed], data: ReportData) -> Text:
    """The same without what the headline has said already."""
    row = one.row
    target, consequence = _whom(row.target, data), _consequence(row, data)
    verb = "raises" if row.effect > 0 else "lowers"
    if consequence is not None:
        verb = "speaks for" if row.effect > 0 else "speaks against"
    if one in leading:
        return words(name(row), f" {verb} {target.object} most.")
    return words(name(row), f" {verb} {target.object}", "." if consequence is None else f": {consequence}")


def _consequence(row: Row, data: ReportData) -> str | None:
    """What becomes of the decisions and of the mean probability; ``None`` where there are none to tell of."""
    change = change_of(row, data)
    if change is None:
        return None
    target = _whom(row.target, data)
    gained = target.gained(change.others, change.gained) if change.gained else None
    lost = target.lost(change.members, change.lost) if change.lost else None
    flips = ", and ".join(filter(None, (gained, lost) if row.effect > 0 else (lost, gained)))
    before, after = percent(change.before), percent(change.after)
    probability = f"goes from {before} to {after}"
    if before == after:
        probability = f"stays {before}" if before.startswith(("under", "over")) else f"stays at {before}"
    start = "after this edit" if _removed(row) else "with it"
    if flips:
        return f"{start}, {flips}; the mean probability {probability}."
    but = "and" if before == after else "but"
    return f"{start}, no decision changes, {but} the mean probability {probability}."


def _evidence(row: Row, data: ReportData) -> str:
    """The second sentence: the effect, and what it rests on."""
    parts = []
    if finite(row.low) and finite(row.high):
        parts.append(f"95{_NBSP}% interval {interval(row.low, row.high)}")
    if row.p_corrected is not None:
        p = p_value(row.p_corrected)
        parts.append(f"corrected p{_NBSP}{p}" if p.startswith("<") else f"corrected p{_NBSP}={_NBSP}{p}")
    parts.append(f"n{_NBSP}={_NBSP}{row.n}")
    told = f"Its effect is {signed(row.effect)} {data.unit} ({', '.join(parts)})"
    if row.effect_holdout is not None:
        again = f"{signed(row.effect_holdout)}, {interval(row.low_holdout, row.high_holdout)}"
        told += f"; on {counted(row.n_holdout or 0, 'held-out image')} {again}"
        told += "" if row.confirmed else ", which does not confirm it"
    return f"{told}."


def _because(one: Claimed) -> Text:
    """How groups and members go together."""
    if one.mixture:
        return words(" Its members do not bear this out: it may be their mixture alone.")
    if not one.because:
        return ()
    *others, last = (words(name(row)) for row in reversed(one.because))
    if not others:
        return words(" Its group, ", last, ", matters because of it.")
    return words(" Its groups, ", listed(others), " and ", last, ", matter because of it.")


def _nothing(data: ReportData, told: Claims) -> Text:
    every = data.every_class or (data.target == "all" and not data.rows)
    target = "any class" if every else _whom(data.target, data).object
    if not (told.undecided or told.small):
        why = f": {_draws_nothing(told, 'nothing of what it was asked for')}" if told.not_tested else ""
        return words(f"Nothing could be {'tested' if why else 'measured'} for {target}{why}.")
    start = f"Nothing was shown to matter for {target}."
    if not told.undecided:
        of_them = "could be tested" if told.not_tested else "were tried"
        return words(start, f" All attributes that {of_them} were shown to be small.")
    row = told.undecided[0]
    needed = images_to_decide(row, data)
    decide = "" if needed is None else f"; about {needed} images would decide"
    return words(start, " Of what could matter, ", name(row), f" is the strongest{decide}.")


def _draws_nothing(told: Claims, what: str) -> str:
    """Why nothing could be tested."""
    if all(map(cannot_draw, told.not_tested)):
        return f"the editor draws {what}"
    return "hardly any edit shows what it was asked for, and there were too few to say that the editor cannot draw it"


def _closest(told: Claims) -> Sequence[Row]:
    """What is told of in detail where nothing was shown to matter."""
    return told.undecided[:1]


def _whom(target: str, data: ReportData) -> Whom:
    return whom(target, next((score.labels for score in data.evidence.scores.values()), ()))


def _removed(row: Row) -> bool:
    return row.candidate.startswith("-")


def _above(told: Claims) -> set[str]:
    """What lies above an attribute that matters: whatever can be said of it, its member says more."""
    return {above for one in told.matters for above in _ancestors(one.row.candidate)}


def joint_sentence(data: ReportData) -> Text | None:
    """The best joint combination against the sum of its attributes; ``None`` if no set was kept."""
    row = next((row for row in data.rows if row.candidate == data.best_joint), None)
    if row is None or not finite(row.effect):
        return None
    told = ""
    if data.every_class:
        told += f" on ‘{row.target}’"
    if row.joint_sum is not None:
        told += f"; one by one its attributes sum up to {signed(row.joint_sum)}"
    if row.interaction is not None:
        told += f", so that they interact by {signed(row.interaction)}"
        if row.interaction_low is not None and row.interaction_high is not None:
            told += f" ({interval(row.interaction_low, row.interaction_high)}"
            told += ", which includes zero)" if row.interaction_low <= 0 <= row.interaction_high else ")"
    untested = f". It was not tested: {landed(row)}."
    told += {"matters": ".", "not tested": untested}.get(str(row.claim), ". It was not shown to matter.")
    return words("Best joint combination: ", words(name(row), f" ({signed(row.effect)} {data.unit})"), told)


def floor_sentence(data: ReportData) -> str:
    """The noise floor in words, or that it was not measured."""
    floor = noise_floor(data)
    if floor is None:
        return "Noise floor: not measured, because no placebo attribute was scored."
    arms = f"{'an attribute' if floor.arms == 1 else f'{floor.arms} attributes'} that these images cannot have"
    meanings = {
        "placebos": f"what {arms} can reach",
        "sign flips": "what the strongest attribute would reach by chance, by the spread over the images",
        "largest placebo": f"the largest influence of {arms}",
    }
    meaning = f", {meanings[floor.source]}" if floor.source in meanings else ""
    chance = ""
    if floor.value == 0:
        chance = f"; as {'its' if floor.arms == 1 else 'their'} edits change nothing, it says nothing of chance"
    elif floor.arms == 1 and floor.source != "sign flips":
        chance = "; a single one is a rough measure"
    return f"Noise floor: {magnitude(floor.value)} {data.unit}{meaning}{chance}."


def detectable_sentence(data: ReportData) -> str | None:
    """How large an effect has to be to be found by a search of this size; ``None`` if that is not known."""
    if data.detectable == math.inf:
        return "With so few images no effect, however large, could have been shown to matter."
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
    rows = [one.row for one in claims(data).matters]
    floor = noise_floor(data)
    if not data.judged and any(finite(row.effect) for row in data.rows):
        yield "The ranking has no p-values, so that nothing could be shown to matter."
    if floor is not None and floor.value > 0 and floor.value >= data.delta:
        yield (
            f"The noise floor reaches δ: influences up to {magnitude(floor.value)} {data.unit} can be noise here, so "
            "that δ alone tells nothing."
        )
    lost = [row for row in rows if row.confirmed is False]
    if lost:
        yield f"Shown to matter, but the held-out images do not confirm it: {_names(lost)}."
    few = [row for row in rows if row.n < data.n_images]
    if few:
        yield f"Measured on fewer than all {data.n_images} images: {_names(few)}."
    yield from filter(None, (protected_caution(data), class_caution(data)))
    if data.verified is False:
        yield ("No verifier looked at the edits: effects are of what was asked for, not of what the pictures show.")
    if data.trust is not None:
        yield from trust_sentences(data.trust)
    where = [f"within {data.region}"] * bool(data.region) + [f"outside of {data.keep_region}"] * bool(data.keep_region)
    if where:
        yield f"Pictures were edited only {' and '.join(where)}: what an attribute does elsewhere is not in its effect."


def _names(rows: Sequence[Row]) -> str:
    shown = ", ".join(f"‘{row.name}’" for row in rows[:_NAMED])
    return shown if len(rows) <= _NAMED else f"{shown} and {len(rows) - _NAMED} more"


def _ancestors(candidate: str) -> Iterator[str]:
    parts = candidate.removeprefix("-").split("/")
    for length in range(1, len(parts)):
        yield "/".join(parts[:length])


def _list(rows: Sequence[Row], figures: Mapping[str, str] | None = None) -> Text:
    """Names with their effects and further figures, in brackets."""
    return _listing(rows, lambda row: f"{signed(row.effect)}{(figures or {}).get(row.candidate, '')}")


def _listing(rows: Sequence[Row], bracket: Callable[[Row], str]) -> Text:
    """Names, each with something in brackets."""
    shown = [words(name(row), f" ({bracket(row)})") for row in rows[:_NAMED]]
    if len(rows) > _NAMED:
        return words(listed(shown), f" and {len(rows) - _NAMED} more")
    return words(listed(shown[:-1]), " and ", shown[-1]) if len(shown) > 1 else shown[0]
