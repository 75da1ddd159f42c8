"""Questions to several collections of one database, asked in one command.

Laws: what is sealed is not asked so, for rows come as they lie; each question goes by its own index
(a part of the command is planned as a find would be); nothing holds the rows still between two
parts, no more than between two finds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from subgraphs.kit.mongo import Collection, Document, aggregate
from subgraphs.kit.sealed import SealedCollection, Unsealable

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question(Generic[T_co]):
    """Some rows of one collection, at most `limit` of them (0: all), and what they say to who
    asked: `read` may raise."""

    rows: Collection
    where: Mapping[str, Any]
    read: Callable[[list[Document]], T_co]
    limit: int = 0

    async def alone(self) -> T_co:
        """The answer, by a command of its own."""
        found = self.rows.find(self.where)
        return self.read(await (found.limit(self.limit) if self.limit else found).to_list(None))

    def part(self, number: int) -> list[dict[str, Any]]:
        """This question's stages; each row says whose it is."""
        cut = [{"$limit": self.limit}] if self.limit else []
        said = {"_id": 0, "part": {"$literal": number}, "row": "$$ROOT"}
        return [{"$match": dict(self.where)}, *cut, {"$project": said}]


class Answers:
    """The rows that came, by question."""

    def __init__(self, found: Mapping[Question[Any], list[Document]]) -> None:
        self._found = found

    def to(self, question: Question[T]) -> T:
        """The answer to one of the questions asked; raises what its `read` does."""
        return question.read(self._found[question])


async def together(*questions: Question[Any]) -> Answers:
    """All answers; Unsealable for a collection of which something is sealed."""
    if any(isinstance(one.rows, SealedCollection) for one in questions):
        raise Unsealable("questions are not asked together of what is sealed")
    found: dict[Question[Any], list[Document]] = {one: [] for one in questions}
    for row in await aggregate(questions[0].rows, pipeline(*questions)):
        found[questions[row["part"]]].append(row["row"])
    return Answers(found)


def pipeline(*questions: Question[Any]) -> list[dict[str, Any]]:
    """The stages, to be run on the first one's collection."""
    first, *others = (one.part(number) for number, one in enumerate(questions))
    joined = zip(questions[1:], others, strict=True)
    unions = [{"$unionWith": {"coll": one.rows.name, "pipeline": part}} for one, part in joined]
    return [*first, *unions]
