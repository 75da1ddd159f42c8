"""Who may see which event. Deny by default; pure.

A holder sees events about herself, an institution those that name it, everybody the public kinds,
the regulator all. A verifier that has a credential accepted sees what its issuer did to it, and
that its holder cancelled it.
An event that may not be seen answers like one that is not there, and so does the proof of an
object whose event it is: from an object's id to its place on the log is a step that would tell
whoever holds an id that it exists, and since when. What everybody may have is the log itself:
every entry, path and head, by place, from the public log, where no id stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from subgraphs.kit.errors import Forbidden
from subgraphs.kit.events import KINDS
from subgraphs.kit.ids import is_id
from subgraphs.kit.viewer import Role, Viewer

EVERYBODY: Final = "*"
SHARED_WITH_ACCEPTING: Final = frozenset(
    {
        *("CREDENTIAL_ACTIVATED", "CREDENTIAL_ENDORSED", "CREDENTIAL_CANCELLED"),
        *("CREDENTIAL_SUPERSEDED", "CREDENTIAL_RECHECKED"),
    }
)
_PUBLIC: Final = frozenset(name for name, kind in KINDS.items() if kind.public)
_BY_INSTITUTION: Final = frozenset({Role.ISSUER, Role.VERIFIER})
GATEKEEPERS: Final = (Role.REGULATOR,)
"""Who says from where institutions come."""


class Disputed(Protocol):
    """A dispute, as far as it says who has to do with it."""

    @property
    def holder(self) -> str: ...
    @property
    def institution(self) -> str: ...


class Complained(Protocol):
    """A complaint, as far as it says who has to do with it."""

    @property
    def holder(self) -> str: ...
    @property
    def handlers(self) -> tuple[str, ...]: ...


class Leaving(Protocol):
    """An exit, as far as it says whose it is; `told`: those concerned were notified."""

    @property
    def owner(self) -> str: ...
    @property
    def of_person(self) -> bool: ...
    @property
    def told(self) -> bool: ...


class Seen(Protocol):
    """A row that names the ids that may see it."""

    @property
    def viewers(self) -> frozenset[str]: ...


def viewers_of(
    kind: str, subjects: Iterable[str], institutions: Iterable[str], accepting: Iterable[str]
) -> frozenset[str]:
    """The ids that may see an event; `accepting` are verifiers with its credential accepted."""
    viewers = {subject for subject in subjects if is_id(subject, "hold")} | set(institutions)
    if kind in _PUBLIC:
        viewers.add(EVERYBODY)
    if kind in SHARED_WITH_ACCEPTING:
        viewers |= set(accepting)
    return frozenset(viewers)


def sees_all(viewer: Viewer) -> bool:
    return viewer.role is Role.REGULATOR


def names_of(viewer: Viewer) -> tuple[str, ...]:
    """What to look for among an event's viewers."""
    if viewer.role is Role.HOLDER and viewer.holder:
        return (EVERYBODY, viewer.holder)
    if viewer.role in _BY_INSTITUTION and viewer.institution:
        return (EVERYBODY, viewer.institution)
    return (EVERYBODY,)


def sees(viewer: Viewer, row: Seen) -> bool:
    """The event itself: who, what, and the opening of its commitment."""
    return sees_all(viewer) or not row.viewers.isdisjoint(names_of(viewer))


def learns_place(viewer: Viewer, row: Seen) -> bool:
    """Where on the log the event of an object lies, asked by the object's id."""
    return sees(viewer, row)


def supervises(viewer: Viewer) -> bool:
    """Whether the regulator's feed is open to the viewer."""
    return viewer.role is Role.REGULATOR


def sees_allow_list(viewer: Viewer, institution: str) -> bool:
    """From where an institution may come: its own people, and the regulator."""
    return viewer.role in GATEKEEPERS or (
        viewer.role in _BY_INSTITUTION and viewer.institution == institution
    )


def analyses(viewer: Viewer) -> bool:
    """Whether figures are answered: to people of figures, and to who may see all events anyway."""
    return viewer.role in {Role.ANALYST, Role.REGULATOR}


def require_role(viewer: Viewer, *roles: Role) -> None:
    """Forbidden for whoever may do it to no object at all: no id is looked up for it."""
    if viewer.role not in roles:
        raise Forbidden(f"only {', '.join(role.value for role in roles)} may do this")


def sees_dispute(viewer: Viewer, dispute: Disputed) -> bool:
    """The holder who denies, the institution that told what she denies, the regulator."""
    return viewer.role is Role.REGULATOR or bool(
        {dispute.holder, dispute.institution} & set(names_of(viewer))
    )


def own_disputes(viewer: Viewer) -> dict[str, object]:
    """The disputes that `sees_dispute` lets a viewer see, as a filter."""
    if viewer.role is Role.REGULATOR:
        return {}
    names = list(names_of(viewer))
    return {"$or": [{"holder": {"$in": names}}, {"institution": {"$in": names}}]}


def sees_complaint(viewer: Viewer, complaint: Complained) -> bool:
    """The complainant, the institutions that handle it, the regulator."""
    return viewer.role is Role.REGULATOR or bool(
        {complaint.holder, *complaint.handlers} & set(names_of(viewer))
    )


def own_complaints(viewer: Viewer) -> dict[str, object]:
    """The complaints that `sees_complaint` lets a viewer see, as a filter."""
    if viewer.role is Role.REGULATOR:
        return {}
    names = list(names_of(viewer))
    return {"$or": [{"holder": {"$in": names}}, {"handlers": {"$in": names}}]}


def sees_exit(viewer: Viewer, leaving: Leaving) -> bool:
    """Who leaves, and the regulator; once it is told, everybody for whom an institution or the
    pilot will be gone. A person's leaving is hers."""
    if viewer.role is Role.REGULATOR or leaving.owner in names_of(viewer):
        return True
    return leaving.told and not leaving.of_person


def own_exits(viewer: Viewer) -> dict[str, object]:
    """The exits that `sees_exit` lets a viewer see, as a filter."""
    if viewer.role is Role.REGULATOR:
        return {}
    return {"$or": [{"owner": {"$in": list(names_of(viewer))}}, {"public": True}]}


def leads_exit(viewer: Viewer, leaving: Leaving) -> bool:
    """Who takes it further: who leaves; the regulator where it is no person."""
    if viewer.role is Role.REGULATOR:
        return not leaving.of_person
    return leaving.owner in names_of(viewer)


def own_operation(viewer: Viewer) -> dict[str, object]:
    """The incidents and drills that a viewer sees, as a filter: an institution its own."""
    if viewer.role is Role.REGULATOR:
        return {}
    return {"owner": {"$in": list(names_of(viewer))}}
