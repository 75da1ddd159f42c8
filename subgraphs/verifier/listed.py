"""The status lists that a presentation's credentials name, as this verifier's own copy of the log
has them: no list is fetched, and no issuer learns that anybody asked (decision 17)."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from subgraphs.kit.statuses import Listed, Place, Statuses, list_name
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.shape import shaped
from subgraphs.vc.status_list import StatusEntry, read_status_entries
from subgraphs.verifier.grounds import KeptList


async def places_and_lists(
    statuses: Statuses, credentials: Collection[str], presentation: Presentation
) -> tuple[dict[str, Place], tuple[KeptList, ...]]:
    """Where credentials stand, and the lists at the places named only; a list that the log knows no
    credential on is missing."""
    named: dict[str, set[int]] = defaultdict(set)
    for entry in _entries(presentation):
        named[entry.uri].add(entry.index)
    lists = {uri: name for uri in sorted(named) if (name := list_name(uri)) is not None}
    asked: dict[Listed, set[int]] = defaultdict(set)
    for uri, name in lists.items():
        asked[name.issuer, name.number] |= named[uri]
    places, known = await statuses.named(credentials, asked)
    found = []
    for uri, name in lists.items():
        states = known.get((name.issuer, name.number))
        if states is not None:
            kept = tuple(sorted((i, states[i]) for i in named[uri] if i in states))
            found.append(KeptList(uri=uri, states=kept))
    return places, tuple(found)


def _entries(presentation: Presentation) -> Iterator[StatusEntry]:
    for item in presentation.shown:
        try:
            yield from read_status_entries(shaped(item.credential))
        except VcError:
            continue  # a malformed body fails INTEGRITY, which says where
