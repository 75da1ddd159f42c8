"""What a dump of the database would show of a person: every document of every collection, raw."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.journey import THRESHOLD, Journey
from subgraphs.holder.choose import HeldCredential
from subgraphs.kit.mongo import Mongo
from subgraphs.vc.money import Fen, format_amount
from subgraphs.vc.strict_json import JsonObject

SHORTEST: Final = 6  # what is shorter stands anywhere by chance


async def dump_of(deployment: Deployment) -> dict[str, bytes]:
    """The documents of each collection, one after the other, the oplog's too."""
    found: dict[str, bytearray] = defaultdict(bytearray)
    mongo = Mongo(deployment.uri)
    try:
        async for place, row in mongo.dump():
            found[place] += row
    finally:
        await mongo.close()
    return {place: bytes(rows) for place, rows in found.items()}


def traces(journey: Journey, dump: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """What of her stands where: texts, and her amounts as numbers of any document."""
    texts = [
        (what, place)
        for what, text in known_of(journey).items()
        for place, rows in dump.items()
        if text in rows
    ]
    numbers = [
        (f"{fen} as a number", place)
        for fen in fen_of(journey)
        for place, rows in dump.items()
        if re.search(rb"[\x10\x12][a-z_]+\x00" + re.escape(fen.to_bytes(4, "little")), rows)
    ]
    return sorted(texts + numbers)


def known_of(journey: Journey) -> dict[str, bytes]:
    """Everything the institutions and her software know of her, under its name."""
    person, held = journey.person, _held(journey)
    known = {
        "name": person.name,
        "identity document": person.identity_document,
        "account number": person.account_no,
        "customer number": person.customer_no,
        "root DID": person.software.did,
        "her DID's unique part": person.software.did.rpartition(":")[2],
        "her public key": person.software.public_key_multibase,
        "label of her wallet": "资产证明",
        "what she consented to show": THRESHOLD,
    }
    known |= {f"amount of {fen} fen": format_amount(fen) for fen in fen_of(journey)}
    known |= {f"disclosure {n}": text for n, text in enumerate(held.disclosures)}
    known |= {f"signature {n}": text for n, text in enumerate(proof_values(journey.presentation))}
    return {what: text.encode() for what, text in known.items() if len(text) >= SHORTEST}


def fen_of(journey: Journey) -> set[Fen]:
    """Her amounts, each and in all, as her credential states them."""
    amounts = [line.amount for line in _held(journey).statement.lines]
    return {*amounts, Fen(sum(amounts))}


def proof_values(value: object) -> Iterator[str]:
    """The signatures anywhere in a document."""
    if isinstance(value, list):
        for one in value:
            yield from proof_values(one)
    elif isinstance(value, dict):
        document: JsonObject = value
        for name, inner in document.items():
            if name == "proofValue" and isinstance(inner, str):
                yield inner
            else:
                yield from proof_values(inner)


def _held(journey: Journey) -> HeldCredential:
    if journey.held is None:
        raise DemoError("there is no credential whose traces could be looked for")
    return journey.held
