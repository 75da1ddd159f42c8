"""How long a holder waited for the offer she asked for (R81)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.gateway import Who

TOOK = """query($id: ID!) { node(id: $id) { ... on Credential {
  state requestedAt issuedAt secondsToOffer } } }"""


async def took(desk: Desk, credential: str, who: Who) -> Any:
    return (await desk.ask(TOOK, {"id": credential}, who=who)).only("node")


async def test_she_and_her_issuer_see_how_long_it_took(desk: Desk) -> None:
    person = await desk.customer()
    asked = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0)  # it stands still
    desk.turn_clock(lambda: asked)
    credential = await desk.request(person)
    assert (await took(desk, credential, person.who))["secondsToOffer"] is None

    desk.turn_clock(lambda: asked + timedelta(seconds=95))
    for step in ("compileCredentialDraft", "issueCredential"):
        done = await desk.do(step, OWN, "credential { state }", credentialId=credential)
        assert done["__typename"].endswith("Success"), done

    for who in (person.who, OWN):
        found = await took(desk, credential, who)
        assert (found["state"], found["secondsToOffer"]) == ("OFFERED", 95)


async def test_an_offer_within_the_second_took_none(desk: Desk) -> None:
    """An offer's time is whole seconds, a request's is not: it never took less than nothing."""
    person = await desk.customer()
    asked = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=900_000)
    desk.turn_clock(lambda: asked)
    credential = await desk.offer(person)
    assert (await took(desk, credential, person.who))["secondsToOffer"] == 0
