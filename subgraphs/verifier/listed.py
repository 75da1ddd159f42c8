"""The status lists that a presentation's credentials name, as this verifier's own copy of the log
has them: no list is fetched, and no issuer learns that anybody asked (decision 17)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from subgraphs.kit.statuses import Listed, ListName, Named, Statuses, list_name
from subgraphs.kit.together import Question
from subgraphs.vc.errors import VcError
from subgraphs.vc.presentation import Presentation
from subgraphs.vc.shape import shaped
from subgraphs.vc.status_list import StatusEntry, read_status_entries
from subgraphs.verifier.grounds import KeptList


class Lists:
    """The lists that one presentation names, at the places it names."""

    def __init__(self, presentation: Presentation) -> None:
        self._named: dict[str, set[int]] = defaultdict(set)
        for entry in _entries(presentation):
            self._named[entry.uri].add(entry.index)
        self._asked: dict[Listed, set[int]] = defaultdict(set)
        for uri, name in self._each():
            self._asked[name.issuer, name.number] |= self._named[uri]

    def asked(self, statuses: Statuses, credentials: Collection[str]) -> Question[Named]:
        """Where the credentials stand, and what stands at the places."""
        return statuses.named(credentials, self._asked)

    async def kept(
        self, statuses: Statuses, known: Mapping[Listed, Mapping[int, str]]
    ) -> tuple[KeptList, ...]:
        """What was answered, as it is kept; a list that the log knows no credential on is
        missing."""
        empty = await statuses.heard_of(self._asked.keys() - known.keys())
        found = []
        for uri, name in self._each():
            states = {**known, **empty}.get((name.issuer, name.number))
            if states is not None:
                kept = tuple(sorted((i, states[i]) for i in self._named[uri] if i in states))
                found.append(KeptList(uri=uri, states=kept))
        return tuple(found)

    def _each(self) -> Iterator[tuple[str, ListName]]:
        for uri in sorted(self._named):
            name = list_name(uri)
            if name is not None:
                yield uri, name


def _entries(presentation: Presentation) -> Iterator[StatusEntry]:
    for item in presentation.shown:
        try:
            yield from read_status_entries(shaped(item.credential))
        except VcError:
            continue  # a malformed body fails INTEGRITY, which says where
