"""The internal tree's keys: which call of which types is kept under which name.

One tree of slots serves the whole operation, clients' fields and the planner's own alike. The
first call of a name keeps the plain name. Another call of it (other arguments), or the same call
of a type for which some subgraph would refuse the shared name, gets a name with the reserved
prefix. Types below one slot share the slots below it, so such conflicts are seen at every depth.
"""

from gateway.planner.calls import Call
from gateway.planner.world import World
from gateway.spec.names import TypeName


class Slot:
    """One key of the tree; `below` are the keys of the objects it holds."""

    __slots__ = ("below", "key", "types")

    def __init__(self, key: str, below: "Slots") -> None:
        self.key = key
        self.below = below
        self.types: set[TypeName] = set()


class Slots:
    """The keys of the objects at one place of the tree. Grows while planning."""

    __slots__ = ("_by_call", "_by_name", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_call: dict[str, list[Slot]] = {}
        self._by_name: dict[str, int] = {}

    def slot(self, call: Call, owner: TypeName) -> Slot:
        """The slot of a call of one type, made if there is none yet."""
        slots = self._by_call.setdefault(call.identity, [])
        for slot in slots:
            if owner in slot.types:
                return slot
        for slot in slots:
            if all(self._world.alike(owner, other, call.name) for other in slot.types):
                slot.types.add(owner)
                return slot
        slot = Slot(self._new_key(call.name), Slots(self._world))
        slot.types.add(owner)
        slots.append(slot)
        return slot

    def has(self, call: Call, owner: TypeName) -> bool:
        """Whether there is a slot of a call of one type."""
        return any(owner in slot.types for slot in self._by_call.get(call.identity, ()))

    def _new_key(self, name: str) -> str:
        number = self._by_name.get(name, 0)
        self._by_name[name] = number + 1
        return f"{self._world.prefix}{number}_{name}" if number else name
