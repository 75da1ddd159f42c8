"""The public trust register as this verifier has it from the log, for the examiner's questions."""

from collections.abc import Mapping
from datetime import datetime

from subgraphs.kit.institutions import InstitutionRow
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
