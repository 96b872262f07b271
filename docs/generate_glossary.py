"""Writes ``docs/glossary.md`` from the glossary that the report's page reads.

python docs/generate_glossary.py [FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

from diffex_cli.report.glossary import markdown

PAGE = Path(__file__).parent / "glossary.md"

if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE
    target.write_text(markdown(), encoding="utf-8")
    sys.stdout.write(f"{target}\n")
