"""What people call attributes: when two names mean the same, and which attribute a name means."""

from __future__ import annotations

import difflib
import re
import unicodedata

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node

_ARTICLES = frozenset({"a", "an", "the"})
_SAME = {
    # spellings, of which the American one is kept
    "colour": "color",
    "coloured": "colored",
    "colouring": "coloring",
    "colouration": "coloration",
    "discolouration": "discoloration",
    "grey": "gray",
    "greyish": "grayish",
    "moustache": "mustache",
    "moustach": "mustache",
    "mustach": "mustache",
    "blond": "blonde",
    "haemorrhage": "hemorrhage",
    "oedema": "edema",
    "tumour": "tumor",
    "fibre": "fiber",
    "centre": "center",
    "jewellery": "jewelry",
    "mould": "mold",
    "plough": "plow",
    "tyre": "tire",
    "stripy": "striped",
    "spotty": "spotted",
    # plurals that no ending tells, after the regular endings are gone
    "leave": "leaf",
    "hoove": "hoof",
    "scarve": "scarf",
    "knive": "knife",
    "calve": "calf",
    "teeth": "tooth",
    "feet": "foot",
    "geese": "goose",
    "mice": "mouse",
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "vertebrae": "vertebra",
    "drusen": "druse",
    "nevi": "nevus",
}
_ABSENCE = re.compile(
    r"(?:no|without|absence of|lack of|lacking|missing|removed?)\s+(?:(?:an?|any|the)\s+)?(?=\S)",
    re.IGNORECASE,
)


def writable(text: str) -> str:
    """A text as files can hold it: halves of characters, which Python's text may have, are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def nfc(name: str) -> str:
    """A name in the one form in which classes are kept and compared, Unicode's NFC: one program's ``é`` is another's
    ``e`` and accent."""
    return unicodedata.normalize("NFC", name)


def normalised(name: str) -> str:
    """A name to compare by: lower case, words of letters and digits with one space between, each in the singular.

    The singular is a matter of endings: ``-ies`` of more than four letters becomes ``-y``; ``-sses``, ``-xes``,
    ``-zes``, ``-ches`` and ``-shes`` lose ``-es``; any other ``-s`` of more than three letters goes, but not
    that of ``-ss``, ``-us`` and ``-is``. Irregular plurals (leaves, teeth) stay as they are.
    """
    return " ".join(_singular(word) for word in re.sub(r"[\W_]+", " ", name.lower()).split())


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def canonical(name: str) -> str:
    """The form by which attributes are told apart: ``"The Colours of Wings"`` → ``"wing color"``.

    Words of another language keep their letters. Two names with the same form count as one attribute.
    """
    words = normalised(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())).split()
    words = [_SAME.get(word, word) for word in words if word not in _ARTICLES]
    if words.count("of") == 1 and words[0] != "of" and words[-1] != "of":
        at = words.index("of")
        words = words[at + 1 :] + words[:at]
    return " ".join(words)


def present(phrase: str) -> str | None:
    """What an absence is the absence of: ``"no crest"`` → ``"crest"``; ``None`` if the phrase names no absence."""
    match = _ABSENCE.match(phrase.strip())
    return None if match is None else phrase.strip()[match.end() :]


_SHOWN = 5


def find_node(corpus: Corpus, name: str, source: str) -> Node:
    """The attribute of an id, else of a name, else of a prompt; names and prompts in any case.

    Args:
        corpus: where to look.
        name: the words.
        source: the option or line that has them, for errors.

    Raises:
        UsageError: there is none, or the words fit several.
    """
    nodes = list(corpus.walk())
    wanted = _folded(name)
    tiers = (
        [node for node in nodes if node.id == name],
        [node for node in nodes if _folded(node.name) == wanted],
        [node for node in nodes if _folded(node.prompt) == wanted],
    )
    found = next((tier for tier in tiers if tier), [])
    if len(found) > 1:
        ids = [node.id for node in found]
        shown = ", ".join(ids[:_SHOWN]) + (f", … ({len(ids)} in all)" if len(ids) > _SHOWN else "")
        raise UsageError(f"{source}: {name!r} is the name of {len(ids)} attributes: write one of the ids {shown}")
    if not found:
        known = sorted({word for node in nodes for word in (node.id, node.name, node.prompt)})
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise UsageError(f"{source}: the corpus has no attribute {name!r}{hint}; corpus.yaml of the run lists them")
    return found[0]


def _folded(text: str) -> str:
    return " ".join(nfc(text).casefold().split())
