"""One person of a population by the mutations through the gateway, and documents made comparable.

What is drawn by chance, signed, or given by a clock or the log is replaced by its kind; everything
else, amounts and states among it, stays as it is.
"""

import base64
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Final

from subgraphs.demo.answers import mutate
from subgraphs.demo.cast import actors_of, another, issuer_desks
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import Deployment
from subgraphs.demo.journey import House, Journey, Person
from subgraphs.demo.loading.person import Resident
from subgraphs.demo.loading.stories import kinds_after
from subgraphs.demo.population.books import categories_of
from subgraphs.demo.population.records import Account
from subgraphs.kit.base import wire
from subgraphs.kit.ids import institution_id
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Mongo
from subgraphs.kit.settings import ServiceName
from tests.e2e.stories import live

SHORT_LIVED: Final = {"prepared", "idempotency", "positions", "field_keys", "field_sealing"}
OF_MANY: Final = {"cells"}
"""Figures of groups: which of them somebody is counted in depends on who came before her."""
SERVICES: Final[tuple[ServiceName, ...]] = ("identity", "issuer", "wallet", "verifier", "audit")
_ID: Final = re.compile(r"\b(?!inst)([a-z]{4})_[0-7][0-9A-HJKMNP-TV-Z]{25}")
_BY_CHANCE: Final = (
    (_ID, r"<\1>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)"), "<time>"),
    (re.compile(r"POP-([SM])-(\d+)-(\d+)-\d+-"), r"POP-\1-\2-\3-<copy>-"),
    (re.compile(r"AP-\d{8}-[0-9A-Z]{10}"), "<credential number>"),
    (re.compile(r"TEST-[0-9a-z-]+"), "<document>"),
    (re.compile(r"(?<=[/#@])\d+$|(?<=#)\d+(?==)"), "<place>"),
    # longer than a digest in base64, which may begin with a z too
    (re.compile(r"(?<![\w-])z[1-9A-HJ-NP-Za-km-z]{44,}(?![\w-])"), "<multibase>"),
    (re.compile(r"\b[0-9a-f]{32,}\b"), "<hex>"),
    (re.compile(r"(?<![\w<-])(?=[\w-]*[0-9a-z])(?=[\w-]*[A-Z0-9])[\w-]{20,}"), "<base64>"),
)
_PLACES: Final = re.compile(r"[iI]ndex|place|position|_id$")


class Resettled(Journey):
    """A person of a population on the way that everybody goes."""

    account_no = ""

    async def bind_account(self) -> Json:
        return await mutate(
            self.actors.issuer,
            "bind-customer-account",
            accountNo=self.account_no,
            did=self.person.software.did,
        )


async def by_mutations(
    deployment: Deployment, one: Resident, on_log: Callable[[Sequence[str]], Awaitable[None]]
) -> None:
    """Her root DID, her credentials and what befalls her then, each step through the gateway; what
    somebody else decides on is read by everybody first (`on_log`)."""
    name = one.identity_document.removeprefix("TEST-")
    person = Person(name=name, holder_id=one.holder, software=one.software)
    homes = [institution_id(account.institution) for account in one.accounts]
    async with AsyncExitStack() as stack:
        desks = await stack.enter_async_context(issuer_desks(deployment, homes))
        like = await stack.enter_async_context(actors_of(deployment, person))
        journey = await stack.enter_async_context(another(deployment, like, person))
        await journey.register_root_did()
        made = []
        for account, home in zip(one.accounts, homes, strict=True):
            actors = replace(journey.actors, issuer=desks[home])
            there = Resettled(actors, person, _house(account))
            there.account_no = one.town.number(account)
            there.receipt = journey.receipt
            await there.certify()
            made.append(there)
        if kinds := kinds_after(one.town, one.index):
            await live(made, kinds, on_log)


def _house(account: Account) -> House:
    categories = tuple(category.value for category in categories_of(account))
    institution = institution_id(account.institution)
    return House(institution=institution, profile="", categories=categories)


async def documents_of(deployment: Deployment, one: Resident) -> dict[str, Counter[str]]:
    """All that any database holds about her, by collection, comparable."""
    settings = load(deployment.environment())
    mongo = Mongo(settings.mongodb)
    found: dict[str, Counter[str]] = {}
    try:
        wallet = wire("issuer", settings, mongo).database["credentials"]
        mine = await wallet.find({"holder": one.holder}).to_list(None)
        names = {one.holder, one.software.did, *(row["_id"] for row in mine)}
        for service in SERVICES:
            database = wire(service, settings, mongo).database
            plain = mongo.database(settings.database(service))
            listed = await plain.command({"listCollections": 1, "nameOnly": True})
            for each in sorted(row["name"] for row in listed["cursor"]["firstBatch"]):
                if each in SHORT_LIVED | OF_MANY or each.startswith("system."):
                    continue
                texts = Counter[str]()
                async for row in database[each].find({}):
                    if any(name in str(row) for name in names):
                        texts[json.dumps(comparable(row), sort_keys=True)] += 1
                found[f"{service}.{each}"] = texts
    finally:
        await mongo.close()
    return found


def comparable(value: object, name: str = "") -> object:
    """A value without what nobody can know beforehand."""
    if isinstance(value, Mapping):
        return {str(key): comparable(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return sorted((comparable(inner) for inner in value), key=json.dumps)
    if _PLACES.search(name) and str(value).isdecimal():
        return "<number>"
    if isinstance(value, str) and name == "_id":  # a feed's row: whose, and the place in the log
        return _text(re.sub(r"\.\d+$", ".<place>", value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, datetime | bytes):
        return f"<{type(value).__name__}>"
    return value


def _text(value: str) -> object:
    shown = _disclosed(value)
    if shown is not None:
        return shown
    if value.startswith("{"):  # a document kept as its text
        return comparable(json.loads(value))
    for pattern, kind in _BY_CHANCE:
        value = pattern.sub(kind, value)
    return value


def _disclosed(value: str) -> object:
    """A disclosure (RFC 9901) without its salt; None for any other text."""
    try:
        read = json.loads(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)))
    except ValueError:
        return None
    if not isinstance(read, list) or len(read) not in {2, 3}:
        return None
    return ["<salt>", *(comparable(inner) for inner in read[1:])]
