"""One row of the ledger's table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, beside what it must reach."""

    what: str
    must: str
    found: str
    holds: bool

    def row(self) -> str:
        return f"| {self.what} | {self.must} | {self.found} | {'yes' if self.holds else 'NO'} |"
