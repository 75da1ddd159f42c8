"""The trust register's projection: a later registration changes the facts, not the beginning."""

from datetime import UTC, datetime

from ledger_adapter.port import LoggedEvent
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.institutions import Institutions
from subgraphs.kit.mongo import Mongo, Session
from tests.subgraphs.kit.logged import at_place

ID = InstitutionId(institution_id("9131000063159284XQ"))


def registered(index: int, *, year: int, roles: list[str]) -> LoggedEvent:
    envelope = event(
        "INSTITUTION_REGISTERED",
        entity=ID,
        version=index,
        subjects=[ID],
        institutions=[],
        at=datetime(year, 1, 1, tzinfo=UTC),
        body={
            "uscc": "9131000063159284XQ",
            "name": "国泰君安证券股份有限公司",
            "kind": "SECURITIES_COMPANY",
            "roles": list(roles),
            "did": f"did:credgraph:{ID.lower()}",
            "publicKeyMultibase": "zKey",
            "participation": "ACTIVE",
        },
    )
    return at_place(index, envelope)


async def test_what_was_signed_before_a_second_registration_stays_signed_by_a_member(
    mongo_uri: str, mongo_database: str
) -> None:
    mongo = Mongo(mongo_uri)
    try:
        institutions = Institutions(mongo.database(mongo_database))

        async def apply(session: Session) -> None:
            first = registered(3, year=2025, roles=["ISSUER"])
            second = registered(9, year=2026, roles=["ISSUER", "VERIFIER"])
            await institutions.apply([first, second], session)

        await mongo.transaction(apply)
        row = (await institutions.find([ID]))[ID]
    finally:
        await mongo.close()
    assert row.since == datetime(2025, 1, 1, tzinfo=UTC)
    assert row.roles == ("ISSUER", "VERIFIER")
