"""``docs/artifacts.md`` says what the code does."""

import re
from pathlib import Path

import pytest

from diffex_cli.artifacts.corpus_yaml import CORPUS_SCHEMA
from diffex_cli.artifacts.run_record import RUN_SCHEMA
from diffex_cli.artifacts.schemas import EDITS, IMAGES, LONG_SCORES, MEASURED, RANKING, REQUESTS, SCORES, SEEN
from diffex_cli.artifacts.search_document import SEARCH_SCHEMA
from diffex_cli.artifacts.tables import TableSchema

DOCUMENT = (Path(__file__).parents[2] / "docs" / "artifacts.md").read_text(encoding="utf-8")
ARROW_NAMES = {"double": "float64", "float": "float32"}


@pytest.mark.parametrize(
    "schema",
    [EDITS, IMAGES, RANKING, REQUESTS, SCORES, LONG_SCORES, MEASURED, SEEN],
    ids=lambda schema: schema.id,
)
def test_every_column_is_specified(schema: TableSchema) -> None:
    section = DOCUMENT.split(f"`: `{schema.id}`\n")[1].split("\n## ")[0]
    specified = re.findall(r"^\| `(\w+)` \| ([\w<>:, ]+) \|", section, flags=re.MULTILINE)
    actual = []
    for field in schema.columns:
        type_ = getattr(field.type, "value_type", field.type) if "dictionary" in str(field.type) else field.type
        kind = re.sub(r"\w+", lambda found: ARROW_NAMES.get(found[0], found[0]), str(type_))
        kind = kind.replace("item: ", "")
        actual.append((field.name, f"{kind}, nullable" if field.nullable else kind))
    assert specified == actual


def test_every_document_is_specified() -> None:
    for schema in (RUN_SCHEMA, SEARCH_SCHEMA, CORPUS_SCHEMA):
        assert f"`: `{schema}`\n" in DOCUMENT
