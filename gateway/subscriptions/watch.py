"""What is told of subscriptions to whoever measures them."""

from typing import Literal, Protocol, TypeAlias

Ending: TypeAlias = Literal[
    "left", "completed", "refused", "upstream_lost", "invalidated", "not_granted"
]


class Watcher(Protocol):
    """Called on the hot path: must neither raise nor wait."""

    def started(self, *, resumed: bool) -> None:
        """A client follows a stream from now on, or from where it was."""
        ...

    def ended(self, reason: Ending) -> None:
        """It does not any more."""
        ...

    def delivered(self, *, replayed: bool, behind: int, seconds: float) -> None:
        """An event went to one client: out of the past or live, `behind` numbers before the head
        of its stream and this long after it came to the gateway."""
        ...

    def repeated(self) -> None:
        """An event came a second time and was left out."""
        ...

    def reconnected(self, *, gap: bool) -> None:
        """An upstream is opened again after a fault, or because something was missing in it."""
        ...


class NoWatcher:
    """Watches nothing."""

    def started(self, *, resumed: bool) -> None: ...

    def ended(self, reason: Ending) -> None: ...

    def delivered(self, *, replayed: bool, behind: int, seconds: float) -> None: ...

    def repeated(self) -> None: ...

    def reconnected(self, *, gap: bool) -> None: ...
