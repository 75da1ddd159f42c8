"""Tokens that are no longer good before their time, and tokens that are good only once. Pure."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from gateway.auth.viewer import Viewer
from gateway.errors import BadKey

_KNOWN: Final = frozenset({"tokens", "subjects"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """A revocation list: tokens by `jti`, and whatever a subject was given before an instant."""

    tokens: frozenset[str] = frozenset()
    subjects: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, document: object, source: str) -> Self:
        """`{"tokens": ["jti", ...], "subjects": {"sub": seconds since the epoch}}`. Raises BadKey
        naming `source`: a list that can't be read must not count as an empty one."""
        if not isinstance(document, Mapping) or document.keys() - _KNOWN:
            raise BadKey(f"{source} holds no revocation list")
        tokens, subjects = document.get("tokens", []), document.get("subjects", {})
        well = (
            isinstance(tokens, list)
            and all(isinstance(each, str) for each in tokens)
            and isinstance(subjects, Mapping)
            and all(
                isinstance(at, int | float) and not isinstance(at, bool) for at in subjects.values()
            )
        )
        if not well:
            raise BadKey(f"{source} holds no revocation list")
        return cls(tokens=frozenset(tokens), subjects=dict(subjects))

    def covers(self, viewer: Viewer) -> bool:
        """Whether the viewer's token is on the list."""
        if viewer.claims.get("jti") in self.tokens:
            return True
        before = self.subjects.get(str(viewer.claims.get("sub")))
        issued = viewer.claims.get("iat")
        return before is not None and (not isinstance(issued, int | float) or issued <= before)


class Used:
    """The ids of tokens that are good once, each kept until it has expired: never forgotten
    sooner, so when the room is full nothing more is taken."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._ids: set[str] = set()
        self._ends: list[tuple[float, str]] = []

    def take(self, token_id: str, until: float, now: float) -> bool:
        """Whether this is its first use; from here on it is used."""
        while self._ends and self._ends[0][0] <= now:
            self._ids.discard(heapq.heappop(self._ends)[1])
        if token_id in self._ids or len(self._ids) >= self._room:
            return False
        self._ids.add(token_id)
        heapq.heappush(self._ends, (until, token_id))
        return True
