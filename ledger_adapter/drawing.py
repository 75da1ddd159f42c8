"""A proof drawn for documents: the path from the signed root down to the entry, as SVG.

Draws what the bundle says; `verify-proof` judges it. Plain shapes and text, no script, no font of
its own, so that it may stand in a page, a PDF or a printed file. Text from the bundle is escaped.
"""

from html import escape
from typing import Final, NamedTuple

from ledger_adapter.log.bundle import Bundle
from ledger_adapter.log.checkpoint import format_time
from ledger_adapter.log.commitment import decode_entry
from ledger_adapter.picture import Rung, anchored, rungs

ROW: Final = 58
BOX: Final = (150, 30)
WIDTH: Final = 760
LEFT: Final = 110
STEP: Final = 170
_STYLE: Final = (
    "text{font:12px ui-monospace,monospace;fill:#1b2733}"
    ".own{fill:#e7f3ec;stroke:#2b7a4b}.given{fill:#eef1f4;stroke:#7a8794}"
    ".root{fill:#fdf3dc;stroke:#a87716}line{stroke:#7a8794}"
)


class Box(NamedTuple):
    """One node: where its middle is, what it says."""

    x: int
    y: int
    kind: str
    label: str
    note: str


def draw_svg(bundle: Bundle) -> str:
    """The whole drawing; BadProof for an index outside the tree."""
    root, path = rungs(bundle)
    boxes, lines = _nodes(root, path)
    entry = decode_entry(bundle.entry)
    foot = boxes[-1].y + ROW
    head = (
        f"{bundle.origin}: size {bundle.tree_size}, {format_time(bundle.checkpoint.time)}, "
        f"{len(bundle.checkpoint.signatures)} signature(s), trust {bundle.trust}"
    )
    leaf = f"leaf {bundle.leaf_index}: {entry.kind}, commit {entry.commit.hex()[:16]}"
    texts = [
        f'<text x="20" y="24">{escape(head)}</text>',
        f'<text x="20" y="40">{escape("; ".join(anchored(bundle)))}</text>',
        f'<text x="20" y="{foot}">{escape(leaf)}</text>',
    ]
    body = "".join([*lines, *(_box(box) for box in boxes), *texts])
    title = f"Proof of entry {bundle.leaf_index} of {bundle.origin}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {foot + 20}" role="img">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>{body}</svg>\n"
    )


def _nodes(root: bytes, path: list[Rung]) -> tuple[list[Box], list[str]]:
    """The chain of computed nodes goes down; each sibling stands beside its own node."""
    x, y = WIDTH // 2, 60
    boxes, lines = [Box(x, y, "root", root.hex()[:12], "root, signed")], []
    for rung in reversed(path):
        side = 1 if rung.left else -1
        below = min(max(x + side * STEP // 2, LEFT + STEP), WIDTH - LEFT - STEP)
        beside = below - side * STEP
        lines += [_line(x, y, below, y + ROW), _line(x, y, beside, y + ROW)]
        x, y = below, y + ROW
        boxes.append(Box(beside, y, "given", rung.sibling.hex()[:12], rung.leaves))
        boxes.append(Box(x, y, "own", rung.child.hex()[:12], "computed"))
    return boxes, lines


def _line(x: int, y: int, to_x: int, to_y: int) -> str:
    return f'<line x1="{x}" y1="{y + 15}" x2="{to_x}" y2="{to_y - 15}"/>'


def _box(box: Box) -> str:
    width, height = BOX
    return (
        f'<rect class="{box.kind}" x="{box.x - width // 2}" y="{box.y - height // 2}" rx="5" '
        f'width="{width}" height="{height}"/>'
        f'<text x="{box.x}" y="{box.y - 1}" text-anchor="middle">{box.label}</text>'
        f'<text x="{box.x}" y="{box.y + 11}" text-anchor="middle" '
        f'style="font-size:9px">{escape(box.note)}</text>'
    )
