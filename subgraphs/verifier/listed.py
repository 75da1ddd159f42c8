"""The status lists that a presentation's credentials name, as this verifier's own copy of the log
has them: no list is fetched, and no issuer learns that anybody asked (decision 17)."""

from collections import defaultdict
from collections.abc import Iterator

from subgraphs.kit.statuses import Statuses, list_name
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.shape import shaped
from subgraphs.vc.status_list import StatusEntry, read_status_entries
from subgraphs.verifier.grounds import KeptList


async def lists_of(statuses: Statuses, presentation: Presentation) -> tuple[KeptList, ...]:
    """At the places named only; one that the log knows no credential on is missing."""
    named: dict[str, set[int]] = defaultdict(set)
    for entry in _entries(presentation):
        named[entry.uri].add(entry.index)
    found = []
    for uri, indexes in sorted(named.items()):
        name = list_name(uri)
        states = None if name is None else await statuses.set_on(name.issuer, name.number)
        if states is not None:
            kept = tuple(sorted((i, states[i]) for i in indexes if i in states))
            found.append(KeptList(uri=uri, states=kept))
    return tuple(found)


def _entries(presentation: Presentation) -> Iterator[StatusEntry]:
    for item in presentation.shown:
        try:
            yield from read_status_entries(shaped(item.credential))
        except VcError:
            continue  # a malformed body fails INTEGRITY, which says where
