"""Who may see what of the issuer's rows (domain.md §4.2). Deny by default; pure.

A verifier sees nothing here: what it may know comes with the presentation and from the log
(decision 17). A row that may not be seen answers like one that is not there.
"""

from __future__ import annotations

from typing import Protocol

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.viewer import Role, Viewer


class Concerned(Protocol):
    """A row with its two parties: a credential, an endorsement, a step in the log."""

    @property
    def issuer(self) -> InstitutionId: ...
    @property
    def holder(self) -> HolderId: ...


def sees(viewer: Viewer, row: Concerned) -> bool:
    """State, dates, issuer, endorsements' effects."""
    return _is_party(viewer, row) or viewer.role is Role.REGULATOR


def sees_content(viewer: Viewer, row: Concerned) -> bool:
    """Lines, total, bands and the document; the regulator sees those of a case: `opens_cases`."""
    return _is_party(viewer, row)


def opens_cases(viewer: Viewer) -> bool:
    """What the credentials of a case state, by audit's pass and told to the person first."""
    return viewer.role is Role.REGULATOR


def sees_disclosures(viewer: Viewer, row: Concerned) -> bool:
    """What opens the digests belongs to the holder alone."""
    return viewer.role is Role.HOLDER and viewer.holder == row.holder


def works_on(viewer: Viewer, row: Concerned) -> bool:
    """Whether the viewer is the issuer's own desk."""
    return viewer.role is Role.ISSUER and viewer.institution == row.issuer


def _is_party(viewer: Viewer, row: Concerned) -> bool:
    return sees_disclosures(viewer, row) or works_on(viewer, row)


def scope_of(viewer: Viewer) -> dict[str, str] | None:
    """The part of the rows that is the viewer's own, as a filter; None for who has none."""
    match viewer:
        case Viewer(role=Role.HOLDER, holder=str(holder)):
            return {"holder": holder}
        case Viewer(role=Role.ISSUER, institution=str(institution)):
            return {"issuer": institution}
        case _:
            return None


def sees_rechecks(viewer: Viewer, institution: InstitutionId) -> bool:
    """How far an issuer is behind with looking again: its own affair and the regulator's."""
    return viewer.role is Role.REGULATOR or (
        viewer.role is Role.ISSUER and viewer.institution == institution
    )


def previews(viewer: Viewer, holder: HolderId) -> bool:
    """What a holder would come to is told to herself only."""
    return viewer.role is Role.HOLDER and viewer.holder == holder


def credentials_of(viewer: Viewer, holder: HolderId) -> dict[str, str] | None:
    """Which of a holder's credentials the viewer may list, as a filter; None for none at all."""
    own = scope_of(viewer)
    if viewer.role is Role.REGULATOR:
        return {"holder": holder}
    if own is None or own.get("holder", holder) != holder:
        return None
    return {**own, "holder": holder}
