"""What docs/ci.md shows has to work: its workflow, its rules, its table. Its commands are run in tests/docs."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import yaml

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.comparison.rules import from_file
from diffex_cli.core import domains
from diffex_cli.core.wording import find_node
from diffex_cli.search.statistics.student import student_t_quantile

PAGE = (Path(__file__).parent.parent / "docs" / "ci.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
YAML = [text for language, text in BLOCKS if language == "yaml"]
WORKFLOW = next(text for text in YAML if "jobs:" in text)


def test_the_workflow_is_one() -> None:
    workflow: dict[Any, Any] = yaml.safe_load(WORKFLOW)
    assert True in workflow or "on" in workflow  # YAML 1.1 takes "on" for true
    for job in workflow["jobs"].values():
        assert job["runs-on"]
        assert all(("run" in step) != ("uses" in step) for step in job["steps"])


def test_the_rules_are_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(next(text for text in YAML if text.startswith("max:")))
    assert [rule.text for rule in from_file(file)] == ["max beak color=0.2", "max head/crest=0.5", "forbid background"]


def test_the_rules_name_attributes_of_the_demo() -> None:
    birds = read_corpus(domains.corpus_file("birds"))
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"--(max|forbid) '?([a-z][^'=\s`]*)", PAGE + readme)
    for _, name in found:
        find_node(birds, name, "the page")
    assert {kind for kind, _ in found} == {"max", "forbid"}
    for rule in yaml.safe_load(next(text for text in YAML if text.startswith("max:"))).values():
        for name in rule:
            find_node(birds, name, "the page")


def test_the_table_of_images() -> None:
    header = re.search(r"^\| half width in logits (.*)$", PAGE, flags=re.MULTILINE)
    assert header is not None
    spreads = [float(value) for value in re.findall(r"SD ([\d.]+)", header[1])]
    rows = re.findall(r"^\| (0\.\d+) \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert len(rows) == 4
    for half, cells in rows:
        for spread, cell in zip(spreads, cells.split(" | "), strict=True):
            n = int(cell.replace(",", ""))
            assert student_t_quantile(0.975, n - 1) * spread / math.sqrt(n) <= float(half)
            assert student_t_quantile(0.975, n - 2) * spread / math.sqrt(n - 1) > float(half)
