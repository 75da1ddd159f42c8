"""What a denied thing rests on: the texts she had agreed to before it, her consents, her proofs.

It is what the institution asked for or was shown when the thing came about, whatever it may see
of her today: an acceptance that has ended takes nothing out of the evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from subgraphs.audit.kept.disputes import Dispute
from subgraphs.audit.parts import Parts
from subgraphs.audit.records import EventRow
from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.ids import is_id, type_of

MOST_TEXTS: Final = 64
MOST_CONSENTS: Final = 4
MOST_PROOFS: Final = 16


async def rests_on(parts: Parts, dispute: Dispute, case: Sequence[EventRow]) -> list[EventRow]:
    """Also the first event of the thing itself; `case` are the events the institution may see."""
    first = await parts.store.first_about(dispute.subject, dispute.holder)
    if first is None:
        return []
    accepted = {
        subject
        for row in case
        if row.kind == "CREDENTIAL_ACCEPTED"
        for subject in row.subjects
        if is_id(subject, "cred")
    }
    before, holder = parts.store.before, dispute.holder
    own = {"viewers": dispute.institution}
    shown = {"subjects": {"$in": sorted(accepted)}}
    return [
        first,
        *await _texts(parts, dispute, first),
        *await before(holder, first.index, ["CONSENT_GRANTED"], MOST_CONSENTS, **own),
        *await before(holder, first.index, ["CREDENTIAL_ACTIVATED"], MOST_PROOFS, **shown),
    ]


async def _texts(parts: Parts, dispute: Dispute, first: EventRow) -> list[EventRow]:
    """The version of each text that she had signed last, of the stages asked for before it."""
    applied = type_of(dispute.subject) == "Credential"
    step = AgreementStage.ISSUANCE if applied else AgreementStage.USE
    stages = {AgreementStage.ROOT_DID.value, step.value}
    signed = await parts.store.before(dispute.holder, first.index, ["AGREEMENT_SIGNED"], MOST_TEXTS)
    newest = {(row.body["agreementStage"], row.body["agreement"]): row for row in reversed(signed)}
    return [row for (stage, _), row in newest.items() if stage in stages]
