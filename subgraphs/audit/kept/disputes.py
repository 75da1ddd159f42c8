"""Disputes, their parts and their packages as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subgraphs.audit.states import DisputeState


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """`institution` is the one the denied thing was told by: no other learns of it here."""

    id: str
    version: int
    state: DisputeState
    holder: str
    institution: str
    subject: str
    ground: str
    opened_at: datetime
    package: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document as its institution gave it, with the signature over `part_message`."""

    id: str
    dispute: str
    holder: str
    kind: str
    institution: str
    method: str
    digest: str
    signature: str
    document: Any
    given_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """`token` is what leads to the file without a login; `proofs` are canonical JSON texts, none
    once the holder's key is destroyed: only files that were read before tell of the case then."""

    id: str
    dispute: str
    holder: str
    token: str
    manifest: Mapping[str, Any]
    manifest_hash: str
    documents: Sequence[Any]
    proofs: Sequence[str]
    sealed_at: datetime
