"""The Makefile says each thing once, and `make help` tells all of it."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = re.compile(r"^([a-z-]+):(.*)$", re.MULTILINE)


def test_every_target_is_written_once_is_phony_and_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = TARGET.findall(text)
    names = Counter(name for name, _ in found)
    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name, rest in found if "## " not in rest] == []
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony
    assert sorted(phony[1].split()) == sorted(names)
