"""The public trust register as this verifier has it from the log, for the examiner's questions."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from subgraphs.kit.institutions import InstitutionRow, Institutions
from subgraphs.vc.did import Did
from subgraphs.vc.examination import TrustRole
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.proofs import Purpose


class ProjectedRegister:
    """Answers from rows read beforehand, so that examining needs no database."""

    def __init__(self, by_did: Mapping[str, InstitutionRow]) -> None:
        self._by_did = by_did

    def key_of(
        self, did: Did, role: TrustRole, method: str, at: datetime, /
    ) -> VerificationKey | None:
        """The key, if the institution stood on the log in that role, and with it, at that time."""
        row = self._by_did.get(did)
        if row is None or at < row.since or not row.stood(role.value, at):
            return None
        return row.key_for(method, Purpose.ASSERTION, at)


async def by_did(institutions: Institutions, dids: Iterable[str]) -> dict[str, InstitutionRow]:
    """The registered ones among these DIDs."""
    found = {did: await institutions.by_did(did) for did in sorted(set(dids))}
    return {did: row for did, row in found.items() if row is not None}
