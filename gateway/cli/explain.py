"""`credgraph explain CODE`: what a code of composition means, an example, and what to do."""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final

from gateway.composition.catalogue import Explanation, explained, explanations

_NAME: Final = re.compile(r"^--- (\S+)(?: \(as it stands\))?$", re.MULTILINE)
_LINKED: Final = "(its first line links federation v2.9 and imports the directives used)"


def run(argv: Sequence[str]) -> int:
    """0 with the explanation on stdout; 2 where there is no such code."""
    options = _parser().parse_args(argv)
    if options.code is None:
        for each in explanations():
            print(f"{each.code:55}{'hint' if each.is_hint else 'error'}")
        return 0
    wanted = options.code.upper()
    found = explained(wanted)
    if not found:
        near = get_close_matches(wanted, {each.code for each in explanations()}, n=3, cutoff=0.5)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        print(f"credgraph: there is no code {wanted}{meant}", file=sys.stderr)
        return 2
    print("\n\n".join("\n".join(_lines(each)) for each in found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credgraph explain", description="Explain a code of composition; without, list all."
    )
    parser.add_argument("code", nargs="?", help="such as INVALID_FIELD_SHARING")
    return parser


def _lines(each: Explanation) -> Iterator[str]:
    yield f"{each.code} ({'hint' if each.is_hint else 'error'})"
    yield ""
    yield each.meaning
    yield f"What to do: {each.remedy}"
    if each.never:
        yield each.never
    if each.example:
        yield ""
        yield "Example:"
        pieces = _NAME.split(each.example)[1:]
        for name, sdl in zip(pieces[::2], pieces[1::2], strict=True):
            linked = "" if "@link(" in sdl or "as it stands" in each.example else f" {_LINKED}"
            yield f"  subgraph {name}{linked}"
            yield from (f"    {line}" for line in sdl.strip("\n").split("\n"))
