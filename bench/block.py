"""Pages whose figures are written by the run that took them."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.calibrate import calibrate

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
FIGURES: Final = ROOT / "docs" / "performance-figures.md"
IMAGES: Final = ROOT / "docs" / "images"


def circumstances(how: str) -> str:
    """When and how figures were taken, on which machine under which load; stands below them."""
    hours = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load, cores = os.getloadavg()[0], os.cpu_count()
    return f"*{hours}; {how}; {cores} cores, load average {load:.1f}; {calibrate().line()}*"


def filled(page: str, name: str, text: str) -> str:
    """The page with `text` between `<!-- name -->` and `<!-- /name -->`. Raises ValueError when it
    has no such block."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"the page has no block {name!r}")
    return f"{before}{begin}{text.strip()}\n{end}{after}"


def fill(name: str, text: str, page: Path = PAGE) -> None:
    """Writes one block of the page anew."""
    page.write_text(filled(page.read_text(encoding="utf-8"), name, text), encoding="utf-8")
