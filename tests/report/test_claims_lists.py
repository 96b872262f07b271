"""Three lists: what was shown to matter, what could, what was shown to be small."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diffex_cli.report.claims import claims, images_to_decide, shown, with_claims
from diffex_cli.report.data import ReportData


def test_the_lists_of_a_judged_search(judged_data: ReportData) -> None:
    told = claims(judged_data)
    assert [one.row.candidate for one in told.matters] == ["background/snow", "-head/crest/no-crest"]
    assert [row.candidate for row in told.small] == []
    assert "head/crest" in {row.candidate for row in told.undecided}
    assert shown(judged_data) == tuple(one.row for one in told.matters)


def test_without_p_values_nothing_was_shown_to_matter(report_data: ReportData) -> None:
    assert claims(report_data).matters == ()


def test_a_dropped_attribute_can_matter_and_a_kept_one_be_small(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows(
        {
            "background/snow": {"status": "dropped", "p_corrected": 0.001},
            "evil": {"status": "kept", "effect": 0.01, "low": -0.02, "high": 0.04, "influence": 0.01},
        }
    )
    told = claims(data)
    assert [one.row.candidate for one in told.matters] == ["background/snow"]
    assert "evil" in {row.candidate for row in told.small}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.data())
def test_no_attribute_is_in_two_lists_whatever_the_order(judged_data: ReportData, draw: st.DataObject) -> None:
    rows = draw.draw(st.permutations(judged_data.rows))
    changed = [
        dataclasses.replace(
            row, p_corrected=draw.draw(st.sampled_from([0.001, 0.3, None])), low=row.effect - width, landed=share
        )
        for row in rows
        for share in [draw.draw(st.sampled_from([None, 0.1, 0.9]))]
        for width in [draw.draw(st.sampled_from([0.001, 0.05, 0.5, 3.0]))]
    ]
    data = dataclasses.replace(judged_data, rows=with_claims(changed, judged_data.delta))
    told = claims(data)
    ids = [one.row.candidate for one in told.matters]
    ids += [row.candidate for one in told.matters for row in one.because]
    ids += [row.candidate for row in (*told.undecided, *told.small, *told.not_tested)]
    singles = [row for row in rows if not row.placebo and " + " not in row.candidate]
    assert sorted(ids) == sorted(row.candidate for row in singles)
    back = dataclasses.replace(data, rows=tuple(reversed(data.rows)))
    assert claims(back) == told


def test_how_many_images_would_decide(judged_data: ReportData) -> None:
    row = next(row for row in judged_data.rows if row.candidate == "head/crest/tall-crest")
    # an effect of 0.4 where 0.77 would have been found: (0.77 / 0.4)² times the six images
    assert images_to_decide(row, judged_data) == math.ceil(6 * (0.77 / 0.4) ** 2)
    hopeless = dataclasses.replace(judged_data, detectable=math.inf)
    assert images_to_decide(row, hopeless) is None
    weak = dataclasses.replace(row, effect=0.05, influence=0.05, low=-0.05, high=0.15)
    assert images_to_decide(weak, judged_data) == math.ceil(6 * (0.1 / 0.05) ** 2)
