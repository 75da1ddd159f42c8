"""What the person at the terminal reads: numbered steps with their key facts."""


class Story:
    """Prints the steps."""

    def __init__(self) -> None:
        self._step = 0

    def chapter(self, title: str) -> None:
        """A heading between steps."""
        print(f"\n--- {title}\n", flush=True)

    def tell(self, title: str, *facts: str) -> None:
        """One numbered step and its key facts."""
        self._step += 1
        print(f"{self._step:2}. {title}", flush=True)
        for fact in facts:
            print(f"      {fact}", flush=True)
