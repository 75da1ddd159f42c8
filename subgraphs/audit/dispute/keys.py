"""Keys of institutions that an evidence file shows, each with its place on the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from subgraphs.audit.kept.disputes import Part
from subgraphs.audit.parts import Parts
from subgraphs.kit.errors import NotFound
from subgraphs.kit.ids import InstitutionId
from subgraphs.kit.institutions import InstitutionRow
from subgraphs.vc.did_versions import read_version
from subgraphs.vc.enclosed import MOST_SIGNERS, Signer, signers_in
from subgraphs.vc.multikey import encode_key
from subgraphs.vc.proofs import Purpose


class ShownKey(NamedTuple):
    """A key, whose it is, and where the log tells it."""

    institution: InstitutionId
    name: str
    method: str
    key: str
    sequence: int

    @property
    def listed(self) -> dict[str, Any]:
        """As the manifest names it."""
        return {
            "institution": self.institution,
            "name": self.name,
            "method": self.method,
            "publicKeyMultibase": self.key,
            "sequence": self.sequence,
        }


async def registered(parts: Parts, institution: str) -> InstitutionRow:
    """An institution that has a key to sign with."""
    found = await parts.institutions.find([InstitutionId(institution)])
    row = found.get(InstitutionId(institution))
    if row is None or row.method is None:
        raise NotFound("institution")
    return row


def key_of(row: InstitutionRow) -> str:
    """Its key of today, as Multikey text."""
    document = row.history.latest.document
    if document is None or row.method is None:
        raise NotFound("key")
    return encode_key(document.keys[row.method])


async def keys_for(parts: Parts, institution: str, given: Sequence[Part]) -> list[ShownKey]:
    """The key of who gave the parts, and those of the institutions that signed what is inside
    them, each if it was theirs when the signature says it was made."""
    if not given:
        return []
    signer = await registered(parts, institution)
    own = ShownKey(signer.id, signer.name, str(signer.method), key_of(signer), _told(signer))
    inside = await _signed(parts, [one for part in given for one in signers_in(part.document)])
    return list({one.method: one for one in [*inside, own]}.values())


async def _signed(parts: Parts, signers: Iterable[Signer]) -> list[ShownKey]:
    found, asked = [], list(dict.fromkeys(signers))[:MOST_SIGNERS]
    rows = await parts.institutions.by_dids([signer.did for signer in asked])
    for signer in asked:
        row = rows.get(signer.did)
        key = None if row is None else row.key_for(signer.method, Purpose.ASSERTION, signer.at)
        if row is not None and key is not None:
            place = _told(row, signer.method)
            found.append(ShownKey(row.id, row.name, signer.method, encode_key(key), place))
    return found


def _told(row: InstitutionRow, method: str | None = None) -> int:
    """Where the log tells a key of the institution, that of today if none is named: the last
    version that holds it, or the registration."""
    for kept in reversed(row.versions):
        document = read_version(kept.version).document
        if document is not None and (method or row.method) in document.keys:
            return kept.index
    return row.index
