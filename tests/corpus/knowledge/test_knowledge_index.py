"""A folder of texts, and what is found in it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bm25s")
pypdf = pytest.importorskip("pypdf")

from diffex_cli.core.errors import UsageError  # noqa: E402
from diffex_cli.corpus.generation.grounding import Index, quoted  # noqa: E402
from diffex_cli.corpus.knowledge import passages  # noqa: E402


def pdf(*pages: str) -> bytes:
    """A PDF with a few lines of text on each page, written by hand."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for i, page in enumerate(pages):
        shown = " T* ".join(f"({line}) Tj" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 700 Td {shown} ET" if page else ""
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents {5 + 2 * i} 0 R"
            "/Resources<</Font<</F1 3 0 R>>>>>>"
        )
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj{content}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = (
        f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    )
    return body + end.encode()


def encrypted(content: bytes, password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "more").mkdir()
    (tmp_path / "b.md").write_text("# Beaks\nBeaks of toucans are large.\n\n## Colours\nMost are orange.")
    (tmp_path / "more" / "a.txt").write_bytes("\ufeffHaemorrhages look like flames.\n\nDrusen are pale.".encode())
    (tmp_path / "c.pdf").write_bytes(pdf("Page one is about wings.", "Cotton wool spots are exu-\ndates."))
    (tmp_path / ".hidden.md").write_text("# Secret\nsecret")
    (tmp_path / "picture.png").write_bytes(b"no text")
    return tmp_path


def test_every_passage_says_where_it_stands(folder: Path) -> None:
    found = passages(folder)
    assert found.warnings == ()
    assert [(one.source, one.text) for one in found.excerpts] == [
        ("b.md, Beaks", "Beaks of toucans are large."),
        ("b.md, Beaks > Colours", "Most are orange."),
        ("c.pdf, p. 1", "Page one is about wings."),
        ("c.pdf, p. 2", "Cotton wool spots are exudates."),
        ("more/a.txt, line 1", "Haemorrhages look like flames. Drusen are pale."),
    ]


@pytest.mark.parametrize(
    ("query", "sources"),
    [
        ("spot exudate", ["c.pdf, p. 2"]),
        ("fundus photographs hemorrhage", ["more/a.txt, line 1"]),
        ("beak color", ["b.md, Beaks > Colours", "b.md, Beaks"]),
        ("the of and", []),
        ("", []),
        ("zebra", []),
    ],
)
def test_a_query_finds_what_fits_in_any_spelling(folder: Path, query: str, sources: list[str]) -> None:
    index: Index = passages(folder)
    assert [one.source for one in index.search(query, 4)] == sources


def test_at_most_k_and_of_equals_the_first(tmp_path: Path) -> None:
    for name in "dbca":
        (tmp_path / f"{name}.txt").write_text("the same words")
    assert [one.source[0] for one in passages(tmp_path).search("words", 3)] == ["a", "b", "c"]


def test_the_same_in_another_process_with_other_hashes(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from diffex_cli.corpus.knowledge import passages; "
        "index = passages(Path(sys.argv[1])); print([index.search(q, 3) for q in ('beak wings', 'exudate colours')])"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert len(told) == 1


def test_what_cannot_be_read_is_left_out_with_a_warning(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "broken.pdf").write_bytes(pdf("Lost.")[:200])
    (folder / "locked.pdf").write_bytes(encrypted(pdf("Locked."), "password"))
    (folder / "print-only.pdf").write_bytes(encrypted(pdf("May be read."), ""))
    (folder / "scan.pdf").write_bytes(pdf(""))
    (folder / "latin.txt").write_bytes(b"caf\xe9")
    (folder / "empty.md").write_text("\n")
    found = passages(folder)
    problems = {
        "broken.pdf": "it is not a readable PDF",
        "empty.md": "it is empty",
        "latin.txt": "it is not UTF-8 text: save it as such",
        "locked.pdf": "it is encrypted: save it without a password",
        "scan.pdf": "it contains no text, perhaps only pictures of text",
    }
    assert len(found.warnings) == len(problems)
    for warning, (name, problem) in zip(found.warnings, problems.items(), strict=True):
        assert warning.startswith(f"passed over {folder / name}: {problem}")
    assert len(found.excerpts) == 6
    assert found.search("May be read", 1)[0].source == "print-only.pdf, p. 1"
    assert capfd.readouterr() == ("", "")


def test_a_page_that_cannot_be_read_costs_no_other(tmp_path: Path) -> None:
    before, after = pdf("First.", "Second.", "Third.").split(b"7 0 obj<<")
    content = before + b"7 0 obj<</Filter/Unheard" + after
    (tmp_path / "a.pdf").write_bytes(content)
    found = passages(tmp_path)
    assert [one.text for one in found.excerpts] == ["First.", "Third."]
    assert found.warnings == (f"passed over a part of {tmp_path / 'a.pdf'}: these of its pages cannot be read: 2",)


def test_mistakes_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere"):
        passages(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"there are no texts \(markdown, md, pdf, txt\) in"):
        passages(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    with pytest.raises(UsageError, match=r"none of the texts in .* can be read \(.*: it is not a readable PDF"):
        passages(tmp_path)
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(UsageError, match=r"a\.pdf needs the package pypdf: pip install 'diffex\[knowledge\]'"):
        passages(tmp_path)
    (tmp_path / "a.pdf").rename(tmp_path / "a.txt")
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(UsageError, match=r"--knowledge needs the package bm25s: pip install 'diffex\[knowledge\]'"):
        passages(tmp_path)


def test_a_passage_fits_into_a_corpus_file(folder: Path) -> None:
    assert quoted(passages(folder).excerpts[0]) == "b.md, Beaks: Beaks of toucans are large."
