"""Who may see what of the issuer's rows (domain.md §4.2). Deny by default; pure.

A verifier sees nothing here: what it may know comes with the presentation and from the log
(decision 17). A row that may not be seen answers like one that is not there.
"""

from __future__ import annotations

from subgraphs.issuer.records import Credential
from subgraphs.kit.viewer import Role, Viewer


def sees(viewer: Viewer, credential: Credential) -> bool:
    """State, dates, issuer, endorsements' effects."""
    return _is_party(viewer, credential) or viewer.role is Role.REGULATOR


def sees_content(viewer: Viewer, credential: Credential) -> bool:
    """Lines, total, bands and the document; a regulator only on a case, which is not built yet."""
    return _is_party(viewer, credential)


def sees_disclosures(viewer: Viewer, credential: Credential) -> bool:
    """What opens the digests belongs to the holder alone."""
    return viewer.role is Role.HOLDER and viewer.holder == credential.holder


def works_on(viewer: Viewer, credential: Credential) -> bool:
    """Whether the viewer is the issuer's own desk."""
    return viewer.role is Role.ISSUER and viewer.institution == credential.issuer


def _is_party(viewer: Viewer, credential: Credential) -> bool:
    return sees_disclosures(viewer, credential) or works_on(viewer, credential)
