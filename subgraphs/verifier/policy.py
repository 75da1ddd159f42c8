"""Who may see what and who may do what, as questions about a viewer and a row's owners.

Laws: an issuer never learns where a proof was shown; one verifier's things answer another like ids
that do not exist; the regulator sees facts but not the disclosed amounts.
"""

from subgraphs.kit.errors import Forbidden
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.viewer import Role, Viewer


def may_see(viewer: Viewer, *, verifier: InstitutionId, holder: HolderId | None) -> bool:
    """A presentation, verification, acceptance, qualification, permission or supplement."""
    match viewer.role:
        case Role.VERIFIER:
            return viewer.institution == verifier
        case Role.HOLDER:
            return viewer.holder is not None and viewer.holder == holder
        case Role.REGULATOR:
            return True
        case _:
            return False


def may_see_content(viewer: Viewer, *, verifier: InstitutionId, holder: HolderId) -> bool:
    """Disclosed amounts: for her who disclosed them and those she disclosed them to."""
    return viewer.role is not Role.REGULATOR and may_see(viewer, verifier=verifier, holder=holder)


def own_rows(viewer: Viewer) -> dict[str, str]:
    """The filter of the rows a viewer may list; raises Forbidden before any id is looked at."""
    if not may_list_use(viewer):
        raise Forbidden
    if viewer.role is Role.VERIFIER:
        return {"verifier": str(viewer.institution)}
    return {"holder": str(viewer.holder)} if viewer.role is Role.HOLDER else {}


def may_list_use(viewer: Viewer) -> bool:
    """Where credentials were shown, at all; asked before any id, so ids cannot be probed."""
    match viewer.role:
        case Role.VERIFIER:
            return viewer.institution is not None
        case Role.HOLDER:
            return viewer.holder is not None
        case Role.REGULATOR:
            return True
        case _:
            return False


def may_see_listener(viewer: Viewer, institution: InstitutionId) -> bool:
    """How far a verifier's listening lags: its own affair and the regulator's."""
    return viewer.role is Role.REGULATOR or (
        viewer.role is Role.VERIFIER and viewer.institution == institution
    )
