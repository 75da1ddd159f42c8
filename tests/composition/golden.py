"""Golden supergraphs: `python -m tests.composition.golden` writes them anew, the diff is the
review. What every supergraph has alike (link and join definitions) is left out of the text."""

from pathlib import Path
from typing import Final

from gateway.composition import Composed, compose
from tests.composition.case_files import HERE, subgraphs_in

CASES: Final = sorted((HERE / "cases").glob("*.txt"))
_MARK: Final = "\n>>> "
_ALIKE: Final = ("directive @link(", "directive @join__", "scalar join__", "scalar link__")
_ALIKE_TOO: Final = ("input join__ContextArgument", "enum link__Purpose", "enum join__Graph")


def given(path: Path) -> str:
    """The subgraphs of a golden file."""
    return path.read_text(encoding="utf-8").split(_MARK)[0].rstrip("\n") + "\n"


def written(path: Path) -> str:
    """The whole golden file as composition makes it today."""
    text = given(path)
    result = compose(subgraphs_in(text))
    if not isinstance(result, Composed):
        return text + "\n>>> errors\n" + "".join(f"{e.code} {e.message}\n" for e in result.errors)
    blocks = result.supergraph_sdl.rstrip("\n").split("\n\n")
    kept = [block for block in _joined(blocks) if not block.startswith(_ALIKE + _ALIKE_TOO)]
    hints = "".join(f"{code}\n" for code in sorted(hint.code for hint in result.hints))
    return f"{text}\n>>> supergraph\n" + "\n\n".join(kept) + f"\n\n>>> hints\n{hints}"


def _joined(blocks: list[str]) -> list[str]:
    """Put blocks that were split at an empty line inside braces together again."""
    whole: list[str] = []
    for block in blocks:
        if whole and whole[-1].count("{") > whole[-1].count("}"):
            whole[-1] += "\n\n" + block
        else:
            whole.append(block)
    return whole


if __name__ == "__main__":
    for case in CASES:
        case.write_text(written(case), encoding="utf-8")
