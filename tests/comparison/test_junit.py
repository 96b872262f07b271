import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from synthetic_runs import CORPUS, deltas, make_run

from diffex_cli.comparison.check import CheckSummary, check
from diffex_cli.comparison.junit import junit, write_junit
from diffex_cli.comparison.rules import from_options
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.hierarchy import Corpus, Node

HOSTILE = "<a> & \"b\" 'c' ]]> é"


@pytest.fixture
def summary(tmp_path: Path) -> CheckSummary:
    corpus = Corpus("birds", (*CORPUS.roots, Node("evil", HOSTILE, "evil")))
    effects = {"evil": deltas(1, 0.1), "tail": deltas(0.2, 0.1), "beak": deltas(0, 0.1)}
    run = make_run(tmp_path / "run", effects, corpus=corpus)
    return check(run, from_options([f"{HOSTILE}=0.2", "tail=0.2", "beak=0.2"], []))


def test_one_case_for_each_rule(summary: CheckSummary) -> None:
    root = ET.fromstring(junit(summary))
    assert root.tag == "testsuites"
    (suite,) = root
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    evil, tail, beak = suite.findall("testcase")
    assert evil.get("name") == f"max {HOSTILE}=0.2"
    failure = evil.find("failure")
    assert failure is not None
    assert failure.get("message") == failure.text == summary.results[0].reasons[0]
    assert HOSTILE in (failure.text or "") or repr(HOSTILE) in (failure.text or "")
    skipped = tail.find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("undecided: 'Red' changes the logit")
    assert [child.tag for child in beak] == ["system-out"]
    properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert properties == {"run": str(summary.run), "classifier": "birds:shortcut", "target": "cardinal"}


def test_strictly_what_is_undecided_fails(summary: CheckSummary) -> None:
    (suite,) = ET.fromstring(junit(dataclasses.replace(summary, strict=True)))
    assert (suite.get("failures"), suite.get("skipped")) == ("2", "0")
    assert [one.get("type") for one in suite.iter("failure")] == ["fail", "undecided"]


def test_what_could_not_be_measured_is_a_failure_with_its_remedy(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", {"beak": deltas(0, 0.1)})
    (suite,) = ET.fromstring(junit(check(run, from_options(["collar=0.2"], []))))
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "0")
    (failure,) = suite.iter("failure")
    command = f"`diffex search --run {run} --algorithm exhaustive` measures them."
    assert failure.get("message") == failure.text == f"Not measured in {run}: 'collar'. {command}"


def test_characters_that_xml_does_not_know(summary: CheckSummary) -> None:
    result = dataclasses.replace(summary.results[0], rule="max \x00\x1b\ud800\uffff=1", reasons=("\x08",))
    (suite,) = ET.fromstring(junit(dataclasses.replace(summary, results=(result,))))
    case = suite.find("testcase")
    assert case is not None
    assert case.get("name") == "max \ufffd\ufffd\ufffd\ufffd=1"


def test_it_is_written_to_a_new_folder_or_refused(summary: CheckSummary, tmp_path: Path) -> None:
    write_junit(summary, tmp_path / "new" / "check.xml")
    assert (tmp_path / "new" / "check.xml").read_bytes() == junit(summary)
    with pytest.raises(DiffexError, match="cannot write"):
        write_junit(summary, tmp_path / "new" / "check.xml" / "below.xml")
