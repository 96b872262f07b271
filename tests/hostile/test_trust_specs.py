"""No password or token that stands in a spec or an address is written or said."""

from __future__ import annotations

import os
import string
from pathlib import Path

import pytest
import strangers
from hypothesis import given
from hypothesis import strategies as st
from strangers import STRANGER, diffex

from diffex_cli.core.secrets import secret_in

SECRET = "s3cr3t-of-mine"
SPECS = {
    "classifier": (
        f"http:http://me:{SECRET}@127.0.0.1:9",
        f"http:http://{SECRET}@127.0.0.1:9",
        f"http:http://127.0.0.1:9/?token={SECRET}",
        f"http:http://me:{SECRET}@[bad",
        f"python:colour_classifier:logits:api_key={SECRET}",
        f"token={SECRET}",
    ),
    "editor": (f"theirs:model:steps=3,hf_token={SECRET}", f"theirs::password='{SECRET}'"),
    "screen": (f"theirs:model:API-KEY={SECRET}",),
    "provider": (f"openai:gpt:base_url=http://me:{SECRET}@127.0.0.1:9/v1", f"theirs:model:auth={SECRET}"),
    "merge": (f"openai:gpt:base_url=http://127.0.0.1:9/v1?api_key={SECRET}",),
    "base_url": (f"http://me:{SECRET}@127.0.0.1:9/v1", f"http://127.0.0.1:9/v1?key={SECRET}", f"ftp://me:{SECRET}@h"),
}


@pytest.fixture(autouse=True)
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_") and name != "DIFFEX_CACHE"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def written() -> bytes:
    return b"".join(file.read_bytes() for file in sorted(STRANGER.rglob("*")) if file.is_file())


def test_a_secret_is_refused_wherever_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strangers.finished(tmp_path)
    commands = (("config", "show"), ("edit", "--editor", "tint:"), ("corpus",), ("report", "-q"))
    for setting, specs in SPECS.items():
        for spec in specs:
            Path("mine.yaml").write_text(f"{setting}: {spec!r}\n".replace('"', "'") if "'" not in spec else "")
            monkeypatch.setenv(f"DIFFEX_{setting.upper()}", spec)
            for command in commands if spec == specs[0] else commands[:1]:
                if command[0] == "edit" and setting == "editor":
                    continue  # the flag counts
                result = diffex(*command, "--run", STRANGER)
                assert result.exit_code == 2, (command, spec, result.output)
                assert f"Error: DIFFEX_{setting.upper()}: " in result.stderr
                assert "keep it in the environment, such as in DIFFEX_HTTP_TOKEN" in result.stderr
                assert SECRET not in result.output
            monkeypatch.delenv(f"DIFFEX_{setting.upper()}")
            if Path("mine.yaml").read_text():
                result = diffex("config", "show", "--config", "mine.yaml", "--run", STRANGER)
                assert (result.exit_code, SECRET in result.output) == (2, False)
    assert SECRET.encode() not in written()


@pytest.mark.parametrize(
    "command",
    [
        ("edit", "--editor", "tint:", "--screen", f"theirs::token={SECRET}"),
        ("classify", ".", "--classifier", SPECS["classifier"][0]),
        ("birds", "truth", "--classifier", SPECS["classifier"][0]),
        ("corpus", "--provider", SPECS["provider"][0]),
        ("study", "answer", "page.html", "--rater", SPECS["provider"][0]),
    ],
)
def test_nor_is_one_in_a_flag_repeated(command: tuple[str, ...]) -> None:
    result = diffex(*command)
    assert result.exit_code == 2
    assert SECRET not in result.stdout
    if "--screen" not in command:  # the parser of a command line repeats what it was given under an unknown option
        assert SECRET not in result.stderr


def test_a_stored_one_is_not_repeated(tmp_path: Path) -> None:
    strangers.finished(tmp_path)
    strangers.names(classifier=SPECS["classifier"][0])
    result = diffex("search", "--run", STRANGER)
    assert (result.exit_code, SECRET in result.output) == (2, False)
    assert "stranger/run.yaml: classifier: a spec must not hold a user name or password" in result.stderr


@pytest.mark.parametrize(
    "spec",
    [
        "openai:gpt:max_tokens=100,effort=low",
        "ledits:birds:guidance=7,steps=50,attention=float32",
        "transformers:google/vit-base-patch16-224:revision=abc",
        "http:https://host:8443/a/model:batch=8,values=probabilities",
        "openai:gpt:base_url=http://localhost:11434/v1",
        "onnx:'epoch=3.onnx':mean=0,std=1",
        "folder:edits@home/secret=no",
        "timm:hf-hub:me/model@main",
    ],
)
def test_what_is_no_secret_passes(spec: str) -> None:
    assert secret_in(spec) == ""


_PLAIN = st.text(string.ascii_letters + string.digits + "._~!$&'()*+,;=:%-", min_size=1, max_size=20)


@given(user=_PLAIN, host=st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?(:[0-9]{1,5})?", fullmatch=True), scheme=_PLAIN)
def test_who_stands_before_a_host_is_always_seen(user: str, host: str, scheme: str) -> None:
    assert secret_in(f"http:https://{user}@{host}/path:batch=2")
    assert not secret_in(f"http:https://{host}/path:batch=2")
