"""One mapping of a settings tree, read key by key, so that what was never read is an error."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from gateway.errors import BadSettings

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})


class Section:
    """Typed access to one mapping. Call `finish()` last: it refuses keys nobody asked for.

    An empty string counts as absent, because that is what `${NAME:-}` leaves behind; numbers and
    flags may be strings, because that is what the environment gives.
    """

    def __init__(self, values: object, path: str) -> None:
        if values is None:
            values = {}
        if not isinstance(values, Mapping):
            raise BadSettings(path, "must be a mapping")
        self.path = path
        self._values: Mapping[object, object] = values
        self._asked: set[object] = set()

    def key(self, name: object) -> str:
        """The dotted path of a key of this section."""
        return f"{self.path}.{name}" if self.path else str(name)

    def raw(self, name: str) -> object:
        """The value as it stands, or None when absent or empty."""
        self._asked.add(name)
        value = self._values.get(name)
        return None if value == "" else value

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without default it must be there."""
        value = self.raw(name)
        if value is None:
            return self._default(name, default)
        if isinstance(value, Mapping | list):
            raise BadSettings(self.key(name), "must be a string")
        return str(value)

    def optional(self, name: str) -> str | None:
        """A string or None."""
        return None if self.raw(name) is None else self.text(name)

    def whole(self, name: str, default: int, *, low: int = 0, high: int = 2**53) -> int:
        """A whole number within its bounds."""
        value = self.raw(name)
        if value is None:
            return default
        digits = str(value)
        if not (digits.isascii() and digits.removeprefix("-").isdigit()):
            raise BadSettings(self.key(name), "must be a whole number")
        if not low <= int(digits) <= high:
            raise BadSettings(self.key(name), f"must be between {low} and {high}")
        return int(digits)

    def number(self, name: str, *, low: float | None = None, high: float) -> float:
        """A number within its bounds; without a lower one it must be greater than 0."""
        try:
            value = float(str(self.raw(name)))
        except ValueError:
            raise BadSettings(self.key(name), "must be a number") from None
        if low is None and not 0 < value <= high:
            raise BadSettings(self.key(name), f"must be more than 0 and at most {high:g}")
        if low is not None and not low <= value <= high:
            raise BadSettings(self.key(name), f"must be between {low:g} and {high:g}")
        return value

    def seconds(self, name: str, default: float, *, high: float = 86_400) -> float:
        """A duration in seconds, greater than 0."""
        return default if self.raw(name) is None else self.number(name, high=high)

    def choice(self, name: str, words: tuple[str, ...]) -> str:
        """One of some words; YAML's true and false are words too."""
        value = self.raw(name)
        word = str(value).lower() if isinstance(value, bool) else str(value)
        if word not in words:
            raise BadSettings(self.key(name), f"must be one of: {', '.join(words)}")
        return word

    def flag(self, name: str, *, default: bool) -> bool:
        """true or false."""
        value = self.raw(name)
        if value is None:
            return default
        word = str(value).lower()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
        raise BadSettings(self.key(name), "must be true or false")

    def texts(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of strings."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise BadSettings(self.key(name), "must be a list of strings")
        return tuple(value)

    def section(self, name: str) -> "Section":
        """A mapping below this one; absent is empty."""
        return Section(self.raw(name), self.key(name))

    def sections(self, name: str) -> Iterator["Section"]:
        """The mappings of a list."""
        value = self.raw(name)
        if value is not None and not isinstance(value, list):
            raise BadSettings(self.key(name), "must be a list")
        for index, item in enumerate(value or ()):
            yield Section(item, f"{self.key(name)}[{index}]")

    def names(self) -> tuple[str, ...]:
        """The keys, for sections whose keys are names of the operator's choice."""
        return tuple(str(name) for name in self._values)

    def everything(self) -> dict[str, object]:
        """The whole mapping as it stands; all its keys count as read."""
        self._asked.update(self._values)
        return {str(name): value for name, value in self._values.items()}

    def finish(self) -> None:
        """Raises BadSettings for the first key nobody asked for, with its nearest match."""
        for name in self._values:
            if name not in self._asked:
                near = get_close_matches(str(name), [str(asked) for asked in self._asked], n=1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise BadSettings(self.key(name), f"unknown setting{hint}")

    def _default(self, name: str, default: str | None) -> str:
        if default is None:
            raise BadSettings(self.key(name), "is missing")
        return default
