import json

import pytest

from diffex_cli.artifacts.provenance import provenance


def test_it_holds_versions_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    record = provenance("edit", {"seed": 1})
    assert record["stage"] == "edit"
    assert record["settings"] == {"seed": 1}
    assert {"diffex", "python", "created", "git", "packages"} <= set(record)
    assert "pyarrow" in record["packages"]  # type: ignore[operator]
    assert "sk-very-secret" not in json.dumps(record)
