"""What must not work, tried for real: each attempt returns the reason it was refused with."""

import copy

from subgraphs.demo.answers import RefusedAsData, items, text
from subgraphs.demo.client import Json
from subgraphs.demo.deployment import DemoError
from subgraphs.demo.journey import Journey
from subgraphs.demo.pilot import HUAAN_FUND
from subgraphs.holder.choose import HeldCredential
from subgraphs.kit.ids import institution_id
from subgraphs.vc.did import institution_did
from subgraphs.vc.strict_json import JsonObject


class NotRefused(DemoError):
    """An attack went through: the system is broken."""


def failed_checks(verification: Json) -> str:
    """The checks that failed, each with its reason."""
    failed = [
        f"{check['kind']} {check['reasonCode']}"
        for check in items(verification, "checks")
        if check["outcome"] == "FAILED"
    ]
    if text(verification, "result") == "ACCEPTED" or not failed:
        raise NotRefused("the verifier let it pass")
    return ", ".join(failed)


async def _refused_submission(journey: Journey, presentation: JsonObject) -> str:
    try:
        await journey.hand_in(presentation)
    except RefusedAsData as refusal:
        return refusal.refusal
    raise NotRefused("the verifier took the presentation in")


async def tampered_credential(journey: Journey) -> str:
    """A longer validity is written into the credential; the holder signs the rest in good order."""
    await journey.ask_presentation()
    if journey.held is None:
        raise DemoError("there is no credential to tamper with yet")
    forged = copy.deepcopy(journey.held.document)
    forged["validUntil"] = text(forged, "validUntil").replace("20", "21", 1)
    held = HeldCredential(document=forged, disclosures=journey.held.disclosures)
    await journey.hand_in(journey.build_presentation(held=held))
    return failed_checks(await journey.verify())


async def replayed_presentation(journey: Journey, accepted: JsonObject) -> str:
    """The accepted presentation is sent once more."""
    return await _refused_submission(journey, accepted)


async def wrong_audience(journey: Journey) -> str:
    """A presentation made for another institution is handed to this verifier."""
    await journey.ask_presentation()
    other = institution_did(institution_id(HUAAN_FUND.uscc))
    return await _refused_submission(journey, journey.build_presentation(audience=other))


async def friends_proof(journey: Journey, friend: Journey) -> str:
    """A friend's genuine proof with the friend's own key, for this customer's request."""
    await journey.ask_presentation()
    presentation = friend.build_presentation(request=journey.request)
    await journey.hand_in(presentation)
    return failed_checks(await journey.verify())
