"""The status lists that a presentation's credentials name, made from this verifier's own copy of
the log: no list is fetched, and no issuer learns that anybody asked (decision 17)."""

from collections.abc import Iterator
from datetime import datetime

from subgraphs.kit.statuses import Statuses, list_name
from subgraphs.vc.did import institution_did
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.shape import shaped
from subgraphs.vc.status_list import CheckedList, StatusEntry, derived_list, read_status_entries


async def lists_of(
    statuses: Statuses, presentation: Presentation, now: datetime
) -> dict[str, CheckedList]:
    """By URI; one that the log knows no credential on is missing, and then says nothing."""
    found: dict[str, CheckedList] = {}
    for entry in _entries(presentation):
        name = list_name(entry.uri)
        if name is None or entry.uri in found:
            continue
        states = await statuses.set_on(name.issuer, name.number)
        if states is not None:
            found[entry.uri] = derived_list(
                uri=entry.uri,
                issuer=institution_did(name.issuer),
                purpose=name.purpose,
                states=states,
                at=now,
            )
    return found


def _entries(presentation: Presentation) -> Iterator[StatusEntry]:
    for item in presentation.shown:
        try:
            yield from read_status_entries(shaped(item.credential))
        except VcError:
            continue  # a malformed body fails INTEGRITY, which says where
