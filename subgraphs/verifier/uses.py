"""Consents that are for so many uses: each presentation taken in under one is a use (R12).

Laws: counted in the transaction that takes the presentation in, so that of two at once each is
counted; counted for her who shows it, at this verifier, so that nobody uses up what is another's.
"""

from subgraphs.kit.mongo import Session
from subgraphs.vc.consent import Consent
from subgraphs.verifier.parts import Parts
from subgraphs.verifier.records import ConsentId, Presentation


class UsedUp(Exception):
    """As many presentations were taken in under the consent as it is for."""

    code = "CONSENT_EXHAUSTED"


async def use(
    parts: Parts, row: Presentation, named: Consent | None, *, session: Session
) -> ConsentId | None:
    """The consent that this presentation is a use of, if it is one that is counted; UsedUp when
    it was used as often as it is for."""
    if row.consent is None or named is None or named.uses is None:
        return None
    held = await parts.store.consents.get(row.consent, session=session)
    if held is not None and (held.holder, held.institution) != (row.holder, row.verifier):
        return None  # somebody else's: the checks say so
    if await parts.store.use(row.consent, row.holder, row.verifier, session=session) > named.uses:
        raise UsedUp(f"the consent was for {named.uses} presentations, and they were made")
    return row.consent
