"""Who may see what of a wallet. Pure; each rule is a cell of domain.md §4.2.

Laws: a wallet is its holder's alone; an issuer sees the root DID where it has matched a customer to
it, a verifier where it has and was presented to as well, each in the role in which it asks; a
verifier sees a consent that is for it. The regulator sees DIDs, a consent by its id and receipts of
deletion, never items or copies, and no list of a person's consents: on a case audit has it.
"""

from __future__ import annotations

from typing import Final

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.viewer import Role, Viewer

PRESENTED: Final = "PRESENTED"
"""The tie that a presentation makes; that of a matched customer is named after the role."""
NOBODY: Final = ""  # no holder's id: a query that asks for it finds nothing


def is_her(viewer: Viewer, holder: str) -> bool:
    """The holder herself: items, custody, receipt, the list of her consents."""
    return viewer.role is Role.HOLDER and viewer.holder == holder


def may_see_receipt(viewer: Viewer, holder: str) -> bool:
    """That a copy is gone: her, and the regulator (of copies nothing else)."""
    return is_her(viewer, holder) or viewer.role is Role.REGULATOR


def did_ties(viewer: Viewer) -> tuple[str, ...]:
    """What all must tie the viewer's institution to a holder, in the viewer's role: one house as
    issuer has learnt nothing as verifier."""
    match viewer.role:
        case Role.ISSUER:
            return (Role.ISSUER.value,)
        case Role.VERIFIER:
            return (Role.VERIFIER.value, PRESENTED)
        case _:
            return ()


def may_see_did(viewer: Viewer, holder: HolderId, *, bound: bool) -> bool:
    """The root DID. `bound`: all of `did_ties` tie the viewer's institution to this holder."""
    match viewer.role:
        case Role.HOLDER:
            return viewer.holder == holder
        case Role.REGULATOR:
            return True
        case Role.ISSUER | Role.VERIFIER:
            return bound
        case _:
            return False


def may_see_consent(viewer: Viewer, *, holder: HolderId, granted_to: InstitutionId) -> bool:
    """A consent and its terms."""
    match viewer.role:
        case Role.HOLDER:
            return viewer.holder == holder
        case Role.VERIFIER:
            return viewer.institution == granted_to
        case Role.REGULATOR:
            return True
        case _:
            return False


def may_see_artefact(viewer: Viewer, *, holder: HolderId, granted_to: InstitutionId) -> bool:
    """The signed artefact itself: for the two parties to it."""
    return viewer.role is not Role.REGULATOR and may_see_consent(
        viewer, holder=holder, granted_to=granted_to
    )


def consents_scope(viewer: Viewer, owner: HolderId | None) -> dict[str, str] | None:
    """Whose consents a viewer may list on a credential of `owner`; None: nobody's.

    A credential that is not there, or not hers, has no consents to show: both answer alike.
    """
    match viewer.role:
        case Role.HOLDER if viewer.holder is not None:
            return {"holder": viewer.holder if viewer.holder == owner else NOBODY}
        case Role.VERIFIER if viewer.institution is not None:
            return {"holder": owner or NOBODY, "granted_to": viewer.institution}
        case _:
            return None
