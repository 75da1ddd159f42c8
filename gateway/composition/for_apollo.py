"""The supergraph as @apollo/gateway takes it.

That gateway refuses a whole supergraph that links a spec for security which it does not know, so
the guards lose their purpose there: they stay in the text, and nobody enforces them.
"""

from dataclasses import dataclass

from gateway.spec.names import GUARD_IDENTITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """The text for that gateway, and what it no longer enforces."""

    supergraph_sdl: str
    lost: tuple[str, ...]


def for_apollo_gateway(supergraph_sdl: str) -> Variant:
    """Works on what our printer prints: one link a line."""
    lost: list[str] = []
    lines = supergraph_sdl.split("\n")
    for number, line in enumerate(lines):
        identity = _guard_of(line)
        if identity:
            lines[number] = line.replace(", for: SECURITY", "")
            lost.append(f"@{identity.rpartition('/')[2]}")
    return Variant(supergraph_sdl="\n".join(lines), lost=tuple(lost))


def _guard_of(line: str) -> str | None:
    if not line.lstrip().startswith("@link("):
        return None
    return next((each for each in sorted(GUARD_IDENTITIES) if f'"{each}/' in line), None)
