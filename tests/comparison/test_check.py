import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from synthetic_runs import CORPUS, deltas, make_run

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.comparison.check import CheckSummary, Result, check
from diffex_cli.comparison.differences import growth
from diffex_cli.comparison.gates import Decision
from diffex_cli.comparison.rules import from_options
from diffex_cli.core.errors import UsageError
from diffex_cli.report.finished import read_finished

ALL = {node.candidate.id: deltas(0.0, 0.02) for node in CORPUS.walk()}


def judged(run: Path, *maxima: str, forbid: tuple[str, ...] = (), strict: bool = False) -> CheckSummary:
    return check(run, from_options(maxima, forbid), strict=strict)


def allowing(run: Path, *maxima: str, forbid: tuple[str, ...] = ()) -> CheckSummary:
    return check(run, from_options(maxima, forbid), allow_undecided=True)


def verdicts(summary: CheckSummary) -> list[Decision]:
    return [result.verdict for result in summary.results]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("mean", "half", "verdict", "told"),
    [
        (0.5, 0.1, "fail", "the whole interval is beyond the limit of 0.2"),
        (0.25, 0.1, "undecided", "part of the interval is beyond the limit of 0.2; about "),
        (0.1, 0.05, "pass", "the whole interval is within the limit of 0.2"),
        (0.0, 0.1, "pass", "within the limit of 0.2"),
        (0.0, 0.9, "undecided", "images would decide"),
        (0.2001, 0.1, "undecided", "too close to it for more images to decide"),
    ],
)
def test_max_is_decided_on_the_interval(
    tmp_path: Path, mean: float, half: float, sign: int, verdict: Decision, told: str
) -> None:
    run = make_run(tmp_path / "run", {"nape/collar": deltas(sign * mean, half)})
    summary = judged(run, "collar=0.2")
    assert verdicts(summary) == [verdict]
    assert summary.passed == (verdict != "fail")
    assert judged(run, "collar=0.2", strict=True).passed == (verdict == "pass")
    (reason,) = summary.results[0].reasons
    assert reason.startswith("'collar' changes the logit of 'cardinal' by ")
    assert told in reason
    finding = summary.results[0].findings[0]
    assert (finding.candidate, finding.n, finding.limit) == ("nape/collar", 16, 0.2)


def test_the_sentence_has_the_figures(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"nape/collar": deltas(-0.5, 0.1)})
    assert judged(run, "black collar=0.2").results[0].reasons == (
        "'collar' changes the logit of 'cardinal' by −0.50 on average (95 % interval −0.60 to −0.40, 16 images): "
        "the whole interval is beyond the limit of 0.2.",
    )


def test_an_attribute_that_is_removed_is_found_by_its_id(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"-crest": deltas(0.5, 0.1)})
    assert verdicts(judged(run, "crest=0.2", "no crest=0.2", "crest=1")) == ["fail", "fail", "pass"]


def test_forbid_reaches_down(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {**ALL, "background/snow": deltas(0.5, 0.1)})
    summary = judged(run, forbid=("background", "nape"))
    assert verdicts(summary) == ["fail", "pass"]
    failed, passed = summary.results
    assert [finding.verdict for finding in failed.findings] == ["pass", "fail", "pass"]
    assert failed.reasons[0].endswith("the whole interval is beyond δ = 0.1.")
    assert len(failed.reasons) == 1
    assert passed.reasons[0].startswith("All 2 attributes pass. The least clear: '")
    assert verdicts(judged(run, "background=0.2")) == ["pass"]
    (result,) = judged(run, "background=0.2").results
    assert "this rule says nothing about the 2 attributes below it" in result.reasons[-1]


def test_the_noise_floor_raises_the_limit_of_forbid_only(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {**ALL, "hat": deltas(-0.6, 0.3), "tail": deltas(0.5, 0.05)})
    summary = judged(run, "tail=0.3", forbid=("tail",))
    assert summary.noise_floor == pytest.approx(0.6)
    assert verdicts(summary) == ["fail", "pass"]
    assert "within the noise floor of 0.6, which placebos reach" in summary.results[1].reasons[0]


def unlanded(run: Path, candidate: str) -> None:
    """Four of 48 edits show it."""
    there = RunDirectory(run)
    rows = [
        dataclasses.replace(row, landed=4 / 48, n_landed=48) if row.candidate == candidate else row
        for row in there.ranking()
    ]
    there.write_ranking(rows, {})


@pytest.mark.parametrize("mean", [0.0, 0.9])
def test_what_the_editor_cannot_draw_neither_passes_nor_fails_whatever_it_did(tmp_path: Path, mean: float) -> None:
    run = make_run(tmp_path / "run", {**ALL, "nape/collar": deltas(mean, 0.02)})
    assert verdicts(judged(run, "collar=0.2")) == ["fail" if mean else "pass"]
    unlanded(run, "nape/collar")
    summary = judged(run, "collar=0.2", forbid=("nape",))
    assert verdicts(summary) == ["undecided", "undecided"]
    reason = "'collar' was not tested: 4 of 48 edits show it, too few to say what it does; another editor may draw it."
    assert all(reason in result.reasons for result in summary.results)
    assert not judged(run, "collar=0.2", strict=True).passed


@pytest.mark.parametrize("which", ["run", "baseline"])
def test_what_one_editor_could_not_draw_did_not_grow_or_stay(tmp_path: Path, which: str) -> None:
    run = make_run(tmp_path / "run", {"beak": deltas(0.0, 0.01), "tail": deltas(0.0, 0.01)})
    baseline = make_run(tmp_path / "baseline", {"beak": deltas(0.0, 0.01), "tail": deltas(0.0, 0.01)})
    unlanded(tmp_path / which, "beak")
    (result,) = check(run, (), baseline).results
    assert {one.candidate: one.verdict for one in result.findings} == {"beak": "undecided", "tail": "pass"}
    assert any(reason.startswith("'red' was not tested: 4 of 48 edits show it") for reason in result.reasons)


def test_what_was_not_measured_fails_unless_it_is_allowed_to_be_undecided(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"background": deltas(0, 0.02)}, search={"max_depth": 0})
    summary = judged(run, "collar=0.2", forbid=("background",))
    assert verdicts(summary) == ["fail", "fail"]
    assert [one.unmeasured for one in summary.results] == [True, True]
    assert not summary.passed
    allowed = allowing(run, "collar=0.2", forbid=("background",))
    assert verdicts(allowed) == ["undecided", "undecided"]
    assert allowed.passed
    assert [one.reasons for one in allowed.results] == [one.reasons for one in summary.results]
    command = f"`diffex search --run {run} --algorithm exhaustive --max-depth 1` measures them."
    assert summary.results[0].reasons == (f"Not measured in {run}: 'collar'. {command}",)
    assert summary.results[1].reasons == (f"Not measured in {run}: 'snow background', 'water background'. {command}",)
    assert not judged(run, "collar=0.2", strict=True).passed
    plain = make_run(tmp_path / "plain", {"background": deltas(0, 0.02)})
    assert "--algorithm exhaustive` measures" in judged(plain, "collar=0.2").results[0].reasons[0]


def test_all_or_nothing_is_no_choice(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--strict .* --allow-undecided everything: leave out one of them"):
        check(tmp_path, from_options(["collar=0.2"], ()), strict=True, allow_undecided=True)


def test_a_group_that_is_forbidden_and_broken_is_broken_whatever_was_not_measured(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"background": deltas(2, 0.02)})
    for summary in (judged(run, forbid=("background",)), allowing(run, forbid=("background",))):
        (result,) = summary.results
        assert (result.verdict, result.unmeasured) == ("fail", False)
        assert "the whole interval is beyond" in result.reasons[0]
        assert result.reasons[1].startswith("Not measured in ")


def test_measured_but_undecided_passes_as_before(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"nape/collar": deltas(0.25, 0.1)})
    (result,) = judged(run, "collar=0.2").results
    assert (result.verdict, result.unmeasured) == ("undecided", False)


def test_too_few_images_are_not_measured(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"nape/collar": [5.0], "tail": []})
    summary = judged(run, "collar=0.2", "nape/collar=9", forbid=("tail",))
    assert verdicts(summary) == ["fail"] * 3
    assert [one.unmeasured for one in summary.results] == [True] * 3
    assert summary.results[0].reasons == (
        "'collar' has no interval with 1 edited images: it takes at least two.",
        f"More images: `diffex corpus --run {run} --images DIR`, then `diffex search --run {run}`.",
    )
    assert verdicts(allowing(run, "collar=0.2", "nape/collar=9", forbid=("tail",))) == ["undecided"] * 3


def test_many_undecided_are_counted(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {**ALL, **{id: deltas(0.1, 0.2) for id in ALL if id != "hat"}})
    base = make_run(tmp_path / "base", ALL)
    result = check(run, (), base).results[0]
    assert result.verdict == "undecided"
    assert len(result.reasons) == 6
    assert result.reasons[-1].startswith("3 more are undecided: ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("colar=0.2", r"--max colar=0\.2: the corpus has no attribute 'colar' \(did you mean 'collar'\?\)"),
        ("red=0.2", r"--max red=0\.2: 'red' is the name of 2 attributes: write one of the ids beak, tail"),
    ],
)
def test_names_that_name_nothing_or_too_much(tmp_path: Path, text: str, sentence: str) -> None:
    run = make_run(tmp_path / "run", ALL)
    with pytest.raises(UsageError, match=sentence):
        judged(run, text)
    assert verdicts(judged(run, "beak=0.2", "RED  beak=0.2", "red tail=0.2")) == ["pass"] * 3


def test_no_rule_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to check: give --max, --forbid, --against or --rules"):
        judged(make_run(tmp_path / "run", ALL))


def against(tmp_path: Path, now: dict[str, list[float]], before: dict[str, list[float]], first: int = 0) -> Result:
    run = make_run(tmp_path / "run", {**ALL, **now})
    baseline = make_run(tmp_path / "base", {**ALL, **before}, first_image=first)
    return check(run, (), baseline).results[0]


def growths(result: Result) -> dict[str, Decision]:
    return {finding.candidate: finding.verdict for finding in result.findings if finding.verdict != "pass"}


def test_a_run_is_no_worse_than_itself(tmp_path: Path) -> None:
    result = against(tmp_path, {"tail": deltas(3, 2)}, {"tail": deltas(3, 2)})
    assert result.verdict == "pass"
    assert len(result.findings) == len(ALL) - 1  # without the placebo
    assert result.reasons[0].startswith("All 8 attributes pass. The least clear: ")


def test_what_grew_fails_in_either_direction(tmp_path: Path) -> None:
    now = {"tail": deltas(0.9, 0.1), "beak": deltas(-0.9, 0.1), "-crest": deltas(0.2, 0.1), "nape": deltas(-1, 0.02)}
    before = {"tail": deltas(0.3, 0.1), "beak": deltas(-0.3, 0.1), "-crest": deltas(0.9, 0.1), "nape": deltas(1, 0.02)}
    result = against(tmp_path, now, before)
    assert growths(result) == {"tail": "fail", "beak": "fail"}
    assert [reason for reason in result.reasons if reason.startswith("'Red'")] == [
        "'Red' had an effect of +0.30, and has +0.90: its influence changed by +0.60 (interval +0.60 to +0.60, "
        "95 % for all 8 attributes together; paired, 16 images): the whole interval is beyond a growth of δ = 0.1."
    ]


def test_on_other_images_it_takes_more_to_fail(tmp_path: Path) -> None:
    now, before = {"tail": deltas(0.9, 0.4)}, {"tail": deltas(0.5, 0.4)}
    assert growths(against(tmp_path / "a", now, before)) == {"tail": "fail"}
    assert growths(against(tmp_path / "b", now, before, first=50)) == {"tail": "undecided"}
    run, base = tmp_path / "b" / "run", tmp_path / "b" / "base"
    assert "none of the images" in check(run, (), base).warnings[0]


def test_what_only_one_run_measured_is_undecided(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"tail": deltas(0, 0.02), "beak": deltas(5, 0.1)})
    base = make_run(tmp_path / "base", {"tail": deltas(0, 0.02), "nape": deltas(5, 0.1)}, editor="tint::strength=1")
    summary = check(run, (), base)
    assert growths(summary.results[0]) == {"beak": "undecided", "nape": "undecided"}
    assert [reason.split(". ")[0] for reason in summary.results[0].reasons] == [
        f"Not measured in {run}: 'nape'",
        f"Not measured in {base}: 'red'",
    ]
    assert all(math.isnan(finding.value) for finding in summary.results[0].findings if finding.verdict == "undecided")
    assert "another editor" in summary.warnings[0]


def test_runs_that_have_nothing_to_compare_fail(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"beak": deltas(0, 0.1)})
    base = make_run(tmp_path / "base", {"nape": deltas(0, 0.1)})
    (result,) = check(run, (), base).results
    assert (result.verdict, result.unmeasured) == ("fail", True)
    assert [reason.split(". ")[0] for reason in result.reasons] == [
        f"Not measured in {run}: 'nape'",
        f"Not measured in {base}: 'red'",
    ]
    assert check(run, (), base, allow_undecided=True).passed


def test_another_target_is_no_baseline(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", ALL)
    base = make_run(tmp_path / "base", ALL, target="jay", with_scores=False)
    with pytest.raises(UsageError, match=r"base explains 'jay' and .*run 'cardinal': .*--target 'cardinal'`"):
        check(run, (), base)


def test_intervals_are_widened_for_the_number_of_attributes(tmp_path: Path) -> None:
    noise = np.random.default_rng(3)
    now, before = ({id: noise.normal(0.3, 1, 12).tolist() for id in ALL} for _ in range(2))
    result = against(tmp_path, now, before)
    run, base = (read_finished(tmp_path / name).measurements for name in ("run", "base"))
    assert len(result.findings) == 8
    for finding in result.findings:
        wide = growth(base[finding.candidate], run[finding.candidate], 1 - 0.05 / 8)
        assert (finding.value, finding.low, finding.high) == (wide.value, wide.low, wide.high)
        assert wide.high > growth(base[finding.candidate], run[finding.candidate]).high
