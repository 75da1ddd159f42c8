"""Reading members of JSON objects with the place in every refusal."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from subgraphs.vc.encoding import from_base64url, from_date, from_time
from subgraphs.vc.errors import MalformedDocument
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.strict_json import JsonObject, JsonValue, pointer


@dataclass(frozen=True, slots=True)
class Shape:
    """One object and where it stands. `only` makes unknown members an error."""

    members: JsonObject
    place: str = ""

    def only(self, names: Iterable[str]) -> "Shape":
        """Refuse members outside names."""
        for name in sorted(self.members.keys() - set(names)):
            raise MalformedDocument("a member that does not belong here", pointer(self.place, name))
        return self

    def value(self, name: str) -> JsonValue:
        """A member that has to be there."""
        if name not in self.members:
            raise MalformedDocument("a member is missing", pointer(self.place, name))
        return self.members[name]

    def text(self, name: str, *, longest: int = 512) -> str:
        """A string, not empty and not longer than said."""
        value = self.value(name)
        if not isinstance(value, str) or not 0 < len(value) <= longest:
            raise MalformedDocument(
                f"a text of 1 to {longest} characters is wanted", pointer(self.place, name)
            )
        return value

    def texts(self, name: str, *, most: int) -> tuple[str, ...]:
        """A list of strings with at most so many entries."""
        items = self.items(name, most=most)
        if not all(isinstance(item, str) for item in items):
            raise MalformedDocument("only texts are wanted", pointer(self.place, name))
        return tuple(item for item in items if isinstance(item, str))

    def integer(self, name: str) -> int:
        """An integer; true and false are none."""
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise MalformedDocument("an integer is wanted", pointer(self.place, name))
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise MalformedDocument("true or false is wanted", pointer(self.place, name))
        return value

    def items(self, name: str, *, most: int) -> list[JsonValue]:
        """A list with at most so many entries."""
        value = self.value(name)
        if not isinstance(value, list) or len(value) > most:
            raise MalformedDocument(
                f"a list of at most {most} entries is wanted", pointer(self.place, name)
            )
        return value

    def inner(self, name: str) -> "Shape":
        """The object below a member."""
        return shaped(self.value(name), pointer(self.place, name))

    def inners(self, name: str, *, most: int) -> tuple["Shape", ...]:
        """A list of objects."""
        place = pointer(self.place, name)
        return tuple(
            shaped(item, pointer(place, index))
            for index, item in enumerate(self.items(name, most=most))
        )

    def time(self, name: str) -> datetime:
        """An RFC 3339 time."""
        return from_time(self.text(name, longest=40), pointer(self.place, name))

    def date(self, name: str) -> date:
        """A calendar date."""
        return from_date(self.text(name, longest=10), pointer(self.place, name))

    def amount(self, name: str) -> Fen | None:
        """An amount, None where it is withheld."""
        if name not in self.members:
            return None
        return parse_amount(self.text(name), pointer(self.place, name))

    def data(self, name: str, *, longest: int = 512) -> bytes:
        """Bytes in base64url."""
        return from_base64url(self.text(name, longest=longest), pointer(self.place, name))


def shaped(value: JsonValue, place: str = "") -> Shape:
    """A value that has to be an object."""
    if not isinstance(value, dict):
        raise MalformedDocument("an object is wanted", place)
    return Shape(value, place)
