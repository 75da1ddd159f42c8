"""How large one operation may be."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.errors import LimitExceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """`nesting` bounds brackets in the text, so that no recursive parser runs out of stack; the
    other bounds count with fragments followed, as the planner will meet them. With `warn` a broken
    bound is told there and the operation goes on; `nesting` is always enforced."""

    tokens: int = 10_000
    nesting: int = 200
    depth: int = 40
    aliases: int = 200
    root_fields: int = 50
    directives: int = 100
    warn: Callable[[LimitExceeded], object] | None = None

    def broken(self, fault: LimitExceeded) -> None:
        """Raises the fault, or only tells it."""
        if self.warn is None:
            raise fault
        self.warn(fault)
