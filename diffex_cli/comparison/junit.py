"""The outcome of a check as JUnit XML, which continuous integration systems show."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.comparison.check import CheckSummary, Result

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def write_junit(summary: CheckSummary, file: Path) -> None:
    """Write one test case for each rule."""
    write_bytes(file, junit(summary))


def junit(summary: CheckSummary) -> bytes:
    """The XML, in UTF-8: a rule that failed is a failure, one that is undecided is skipped (a failure if strict)."""
    failing = {"fail", "undecided"} if summary.strict else {"fail"}
    counts = {
        "tests": str(len(summary.results)),
        "failures": str(sum(result.verdict in failing for result in summary.results)),
        "errors": "0",
        "skipped": str(sum(result.verdict == "undecided" and not summary.strict for result in summary.results)),
    }
    root = ET.Element("testsuites", counts)
    suite = ET.SubElement(root, "testsuite", {"name": "diffex check", **counts, "time": "0"})
    properties = ET.SubElement(suite, "properties")
    for name in ("run", "classifier", "name", "target"):
        if getattr(summary, name) is not None:
            ET.SubElement(properties, "property", {"name": name, "value": _text(str(getattr(summary, name)))})
    for result in summary.results:
        _case(suite, result, failing)
    ET.indent(root)
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def _case(suite: ET.Element, result: Result, failing: set[str]) -> None:
    case = ET.SubElement(suite, "testcase", {"classname": "diffex.check", "name": _text(result.rule), "time": "0"})
    reasons = [_text(reason) for reason in result.reasons]
    first, body = (reasons[0] if reasons else ""), "\n".join(reasons)
    if result.verdict in failing:
        ET.SubElement(case, "failure", {"message": first, "type": result.verdict}).text = body
    elif result.verdict == "undecided":
        ET.SubElement(case, "skipped", {"message": f"undecided: {first}"})
        ET.SubElement(case, "system-out").text = body
    else:
        ET.SubElement(case, "system-out").text = body


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
