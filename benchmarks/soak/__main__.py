"""Runs every command many times and kills many, and counts what goes wrong; ends with 1 if anything does.

What was done is kept in the work folder, so that an interrupted soak goes on; of another build it begins anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.log import log
from benchmarks.markdown import table
from benchmarks.soak.kills import killed
from benchmarks.soak.place import REPOSITORY, Place
from benchmarks.soak.short import CASES, ending


def main(argv: Sequence[str] | None = None) -> None:
    """Soak, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/soak"), help="where it goes on")
    parser.add_argument("--runs", type=int, default=200, help="short runs of every command")
    parser.add_argument("--kills", type=int, default=100, help="commands that are killed")
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES), help="these commands")
    arguments = parser.parse_args(argv)
    place = Place(arguments.work)
    done = _Done(place.work / "done.jsonl")
    rows = []
    for name in arguments.only:
        endings = [done.of([name, n], partial(_ending, place, name)) for n in range(arguments.runs)]
        codes = Counter(code for code, _ in endings)
        told = ", ".join(f"{code}: {times}" for code, times in sorted(codes.items()))
        rows.append([f"`{name}`", str(len(endings)), told, str(sum(bool(wrong) for _, wrong in endings))])
    kills = [done.of(["kill", n], partial(_killed, place, n)) for n in range(arguments.kills)]
    if kills:
        rows.append(["killed, then finished", str(len(kills)), "", str(sum(bool(wrong) for _, wrong in kills))])
    sys.stdout.write(table(["command", "runs", "exit codes", "wrong"], rows) + "\n")
    if done.wrong:
        sys.exit(f"error: {len(done.wrong)} went wrong, the first: {done.wrong[0]}")


def _ending(place: Place, name: str) -> tuple[int, str]:
    found = ending(place, name)
    return found.code, found.wrong


def _killed(place: Place, number: int) -> tuple[int, str]:
    return 0, killed(place, number)


class _Done:
    """What was done before by the same code, and what is done now."""

    def __init__(self, file: Path) -> None:
        self._file, self._build = file, _digest()
        self._known: dict[str, tuple[int, str]] = {}
        self.wrong: list[str] = []
        for line in file.read_text().splitlines() if file.exists() else ():
            build, what, code, wrong = json.loads(line)
            if build == self._build:
                self._known[json.dumps(what)] = code, wrong

    def of(self, what: list[str | int], do: Callable[[], tuple[int, str]]) -> tuple[int, str]:
        """How it ended; it is done if it was not before."""
        key = json.dumps(what)
        if key not in self._known:
            self._known[key] = do()
            with self._file.open("a") as file:
                file.write(json.dumps([self._build, what, *self._known[key]]) + "\n")
        code, wrong = self._known[key]
        if wrong:
            log(f"{what}: {wrong}")
            self.wrong.append(f"{what}: {wrong}")
        return code, wrong


def _digest() -> str:
    files = sorted(file for part in ("diffex_cli", "benchmarks/soak") for file in (REPOSITORY / part).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    main()
