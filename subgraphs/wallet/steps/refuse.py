"""Refusals of `vc`, which knows no GraphQL, in the words of a mutation's answer."""

from __future__ import annotations

from subgraphs.kit.errors import Invalid
from subgraphs.vc.errors import VcError


def as_refusal(fault: VcError, prefix: str = "") -> Invalid:
    """The same code; the place becomes a path below `input`."""
    path = fault.place.strip("/").replace("/", ".")
    field = ".".join(part for part in (prefix, path) if part)
    return Invalid(str(fault), field=field, code=fault.code)
