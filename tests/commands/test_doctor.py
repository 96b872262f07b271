from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diffex_cli.commands import doctor
from diffex_cli.commands.main import app


def test_the_hub_cache_follows_the_documented_variables() -> None:
    assert doctor.hub_cache({"HF_HUB_CACHE": "/a", "HF_HOME": "/b"}) == Path("/a")
    assert doctor.hub_cache({"HF_HOME": "/b", "XDG_CACHE_HOME": "/c"}) == Path("/b/hub")
    assert doctor.hub_cache({"XDG_CACHE_HOME": "/c"}) == Path("/c/huggingface/hub")
    assert doctor.hub_cache({}) == Path.home() / ".cache/huggingface/hub"


def test_only_models_that_were_downloaded_are_in_the_cache(tmp_path: Path) -> None:
    assert doctor.hub_models(tmp_path / "nowhere") == ()
    (tmp_path / "models--nateraw--vit-age-classifier" / "snapshots" / "abc").mkdir(parents=True)
    (tmp_path / "models--nateraw--vit-age-classifier" / "snapshots" / "abc" / "config.json").touch()
    (tmp_path / "models--begun--only" / "refs").mkdir(parents=True)
    assert doctor.hub_models(tmp_path) == ("nateraw/vit-age-classifier",)


def test_model_folders_hold_weights(tmp_path: Path) -> None:
    assert doctor.model_folders(tmp_path / "nowhere") == ()
    for name in ("one/unet/x.safetensors", "two/readme.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert doctor.model_folders(tmp_path) == ("one",)


def test_doctor_tells_that_a_key_is_set_and_never_its_value(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor, "_torch", lambda: (("cpu",), 2))
    outputs = [CliRunner().invoke(app, ["doctor", *flags]).stdout for flags in ([], ["--json"], ["-q"])]
    assert not any("secret" in output for output in outputs)
    found = json.loads(outputs[1])
    assert found["keys"] == {
        "ANTHROPIC_API_KEY": True,
        "OPENAI_API_KEY": False,
        "HF_TOKEN": False,
        "DIFFEX_HTTP_TOKEN": False,
    }
    assert found["devices"] == ["cpu"]
    assert found["memory_total"] >= found["memory_free"] > 0
    assert found["packages"]["torch"]
    assert "ANTHROPIC_API_KEY: set\nOPENAI_API_KEY: not set\n" in outputs[2]
