"""How large one operation may be."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """`nesting` bounds brackets in the text, so that no recursive parser runs out of stack; the
    other bounds count with fragments followed, as the planner will meet them."""

    tokens: int = 10_000
    nesting: int = 200
    depth: int = 40
    aliases: int = 200
    root_fields: int = 50
