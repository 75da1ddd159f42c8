"""A watcher that counts."""

from gateway.subscriptions.watch import Ending


class Counting:
    def __init__(self) -> None:
        self.open = self.resumed = self.live = self.replayed = self.repeats = self.reopened = 0
        self.endings: list[Ending] = []

    def started(self, *, resumed: bool) -> None:
        self.open += 1
        self.resumed += resumed

    def ended(self, reason: Ending) -> None:
        self.open -= 1
        self.endings.append(reason)

    def delivered(self, *, replayed: bool, behind: int, seconds: float) -> None:
        assert behind >= 0
        assert seconds >= 0
        self.live += not replayed
        self.replayed += replayed

    def repeated(self) -> None:
        self.repeats += 1

    def reconnected(self, *, gap: bool) -> None:
        self.reopened += 1
