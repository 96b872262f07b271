import hashlib
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.artifacts.keys import digest, digest_files, edit_key, image_key
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Term

CREST = Term("head/crest", "tall crest", overrides={"guidance": 4})
BEAK = Term("head/beak", "hooked beak")


def test_image_key_is_the_documented_digest() -> None:
    picture = Image.new("RGB", (2, 1), (1, 2, 3))
    assert image_key(picture) == hashlib.sha256(b"RGB 2x1\n" + bytes([1, 2, 3, 1, 2, 3])).hexdigest()


def test_image_key_tells_shapes_apart_and_looks_through_modes() -> None:
    assert image_key(Image.new("RGB", (2, 1))) != image_key(Image.new("RGB", (1, 2)))
    assert image_key(Image.new("L", (2, 2), 7)) == image_key(Image.new("RGB", (2, 2), (7, 7, 7)))


def test_edit_key_is_the_documented_digest() -> None:
    text = (
        '{"editor":"e","image":"i","seed":3,'
        '"terms":[{"overrides":{"guidance":4.0},"prompt":"tall crest","remove":false}]}'
    )
    assert edit_key("i", Candidate((CREST,)), "e", 3) == hashlib.sha256(text.encode()).hexdigest()


def test_edit_key_knows_prompts_and_not_ids() -> None:
    renamed = Term("top/plume", CREST.prompt, CREST.remove, {"guidance": 4.0})
    assert edit_key("i", Candidate((CREST, BEAK)), "e", 0) == edit_key("i", Candidate((BEAK, renamed)), "e", 0)


def test_everything_that_changes_pixels_changes_the_key() -> None:
    candidates = [
        RECONSTRUCTION,
        Candidate((CREST,)),
        Candidate((BEAK,)),
        Candidate((CREST, BEAK)),
        Candidate((Term("head/beak", "hooked beak", remove=True),)),
        Candidate((Term("head/beak", "hooked beak", overrides={"guidance": 2.0}),)),
    ]
    keys = {edit_key("i", candidate, "e", 0) for candidate in candidates}
    keys |= {edit_key("j", BEAK_ALONE, "e", 0), edit_key("i", BEAK_ALONE, "f", 0), edit_key("i", BEAK_ALONE, "e", 1)}
    assert len(keys) == len(candidates) + 3


BEAK_ALONE = Candidate((BEAK,))


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.booleans(), max_size=4))
def test_digest_ignores_the_order_of_keys(mapping: dict[str, object]) -> None:
    assert digest(mapping) == digest(dict(reversed(mapping.items())))


def test_digest_refuses_what_has_no_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest({"a": math.nan})
    with pytest.raises(TypeError):
        digest({"a": Path("x")})


def test_digest_files_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "a.json").write_text("1")
    (tmp_path / "notes.txt").write_text("ignored")
    first = digest_files(tmp_path, ["**/*.json"])
    (tmp_path / "notes.txt").write_text("changed")
    assert digest_files(tmp_path, ["**/*.json", "unet/*.json"]) == first
    (tmp_path / "unet" / "a.json").write_text("2")
    second = digest_files(tmp_path, ["**/*.json"])
    (tmp_path / "unet" / "a.json").rename(tmp_path / "unet" / "b.json")
    assert len({first, second, digest_files(tmp_path, ["**/*.json"])}) == 3
