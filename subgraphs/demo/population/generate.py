"""The stream of stories, and its bytes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from subgraphs.demo.population.chance import Chance
from subgraphs.demo.population.paths import closes_lived
from subgraphs.demo.population.people import person_of
from subgraphs.demo.population.records import Dossier, Label, Story
from subgraphs.demo.population.script import script
from subgraphs.demo.population.weave import Loom, weave

TODAY: Final = date(2026, 11, 23)
MIX: Final[Mapping[Label, int]] = MappingProxyType(
    {
        Label.HONEST: 82,
        Label.NEAR_THRESHOLD: 6,
        Label.ROUND_TRIP: 3,
        Label.DROP_AFTER_ACCEPT: 4,
        Label.HOLDER_CANCEL: 2,
        Label.KEY_LOST: 1,
        Label.DENIAL_DISPUTE: 1,
        Label.FORGED_OR_TAMPERED: 1,
    }
)
_SMALL: Final[Mapping[Label, int]] = MappingProxyType(
    {**dict.fromkeys(Label, 1), Label.HONEST: 40, Label.NEAR_THRESHOLD: 3}
    | {Label.ROUND_TRIP: 2, Label.DROP_AFTER_ACCEPT: 1}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many holders, and the labels of each block of them, exactly."""

    name: str
    holders: int
    block: Mapping[Label, int]

    def expected(self) -> dict[Label, int]:
        """How many stories of each label the size has."""
        blocks = self.holders // sum(self.block.values())
        return {label: blocks * count for label, count in self.block.items()}


SIZES: Final[Mapping[str, Size]] = MappingProxyType(
    {
        "S": Size(name="S", holders=50, block=_SMALL),
        "M": Size(name="M", holders=1_000, block=MIX),
        "L": Size(name="L", holders=100_000, block=MIX),
    }
)


def population(seed: int, size: Size, *, today: date = TODAY) -> Iterator[Story]:
    """One story after the other; nothing is kept."""
    for index in range(size.holders):
        yield story_of(seed, index, size, today=today)


def story_of(seed: int, index: int, size: Size, *, today: date = TODAY) -> Story:
    """The story of one holder, without those before her."""
    label = label_of(seed, index, size)
    person = person_of(seed, index)
    chance = Chance(seed, "story", index, label.value)
    woven = weave(
        Loom(chance=chance, person=person, index=index, closes=closes_lived(today)), label
    )
    dossier = Dossier(
        index=index,
        person=person,
        accounts=woven.accounts,
        transfers=woven.transfers,
        asked=woven.asked,
        live_closes=woven.live_closes,
        script=script(chance, label, woven.asked),
    )
    return Story(label=label, scheme=woven.scheme, dossier=dossier)


def label_of(seed: int, index: int, size: Size) -> Label:
    """Labels are dealt block by block, so that every size has its exact shares."""
    width = sum(size.block.values())
    return _dealt(seed, index // width, size.name)[index % width]


@lru_cache(maxsize=4)
def _dealt(seed: int, block: int, size: str) -> tuple[Label, ...]:
    cards = [label for label, count in SIZES[size].block.items() for _ in range(count)]
    return tuple(Chance(seed, "labels", size, block).shuffled(cards))


def served_bytes(story: Story) -> bytes:
    """What may be loaded into a system: one line of JSON, without label or scheme."""
    return json.dumps(
        asdict(story.dossier), default=str, ensure_ascii=False, sort_keys=True
    ).encode()
