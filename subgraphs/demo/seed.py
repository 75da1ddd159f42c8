"""What `make up` puts into an empty system: the pilot's institutions, and one investor's data.

Institutions are registered as a registrar would, by an event on the log. The investor's data is
made by walking the journey through the gateway, so nothing in it was written by hand. A seed that
was killed half-way is simply done again with another synthetic person.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ledger_adapter.crypto import keys
from subgraphs.demo.answers import items, settled, text
from subgraphs.demo.cast import actors_of
from subgraphs.demo.client import Client
from subgraphs.demo.deployment import DemoError, Deployment
from subgraphs.demo.journey import (
    ISSUER,
    PRODUCT,
    PURPOSE,
    RULE_SET,
    THRESHOLD,
    VERIFIER,
    YEAR,
    Journey,
    Person,
)
from subgraphs.demo.pilot import HUAAN_FUND, INSTITUTIONS, PilotInstitution
from subgraphs.kit.events import event
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.kit.main import load
from subgraphs.kit.mongo import Database, DuplicateKeyError, Mongo, Session
from subgraphs.kit.outbox import Outbox, open_outbox
from subgraphs.vc.did import institution_did
from subgraphs.vc.encoding import sm3_hash, to_time
from subgraphs.vc.multikey import encode_key

REGISTERED_SECONDS = 120.0
LEAVING = institution_id(HUAAN_FUND.uscc)  # nothing of the journey rests on it
REGISTER = "query TrustRegister { trustRegister(first: 100) { edges { node { id } } } }"


def seed(deployment: Deployment) -> None:
    """Fills an empty system; a system that has its data is left as it is."""
    asyncio.run(_seed(deployment))


async def _seed(deployment: Deployment) -> None:
    await register_institutions(deployment)
    if not (deployment.data / "examples.json").exists():
        await _wait_for_register(deployment)
        await _seed_investor(deployment)


async def register_institutions(
    deployment: Deployment, institutions: Sequence[PilotInstitution] = INSTITUTIONS
) -> None:
    """Each institution once, by its event on the log; those of the pilot unless it is said."""
    settings = load(deployment.environment())
    mongo = Mongo(deployment.uri)
    try:
        ledger = settings.ledger
        outbox = open_outbox(mongo, database=ledger.database, shard=ledger.shard)
        registrar = mongo.database(settings.database("audit"))
        for institution in institutions:
            await _register(mongo, registrar, outbox, deployment.data, institution)
    finally:
        await mongo.close()


async def _register(
    mongo: Mongo, registrar: Database, outbox: Outbox, data: Path, institution: PilotInstitution
) -> None:
    id_ = institution_id(institution.uscc)
    key = keys.load_public_key(data / "keys" / "institutions" / id_ / "key-1.json")
    registered = event(
        "INSTITUTION_REGISTERED",
        entity=id_,
        version=1,
        subjects=[id_],
        institutions=[],
        at=datetime.now(UTC),
        body={
            "uscc": institution.uscc,
            "name": institution.name,
            "kind": institution.kind,
            "roles": list(institution.roles),
            "did": institution_did(InstitutionId(id_)),
            "publicKeyMultibase": encode_key(key),
            "participation": "ACTIVE",
            "licences": [licence.as_json() for licence in institution.licences],
        },
    )

    async def write(session: Session) -> None:
        await registrar["registrations"].insert_one({"_id": id_, "version": 1}, session=session)
        await outbox.put(session, registered)

    try:
        await mongo.transaction(write)
    except DuplicateKeyError:
        return  # registered by an earlier start


async def _wait_for_register(deployment: Deployment) -> None:
    """The projections of all subgraphs follow the log; audit's answer shows that it moves."""
    deadline = asyncio.get_running_loop().time() + REGISTERED_SECONDS
    async with Client(f"{deployment.gateway_url}/graphql", None) as anybody:
        while True:
            data = await anybody.ask(REGISTER)
            if len(items(data, "trustRegister", "edges")) >= len(INSTITUTIONS):
                return
            if asyncio.get_running_loop().time() > deadline:
                raise DemoError("the trust register did not fill: does the ledger process run?")
            await asyncio.sleep(0.1)


async def _seed_investor(deployment: Deployment) -> None:
    person = Person()
    async with actors_of(deployment, person) as actors:
        journey = Journey(actors, person)
        await journey.to_permission()
        opened = await settled(
            actors.holder,
            "open-dispute",
            subjectId=journey.presentation_id,
            ground="USE_DENIED",
        )
    claims = {"sub": f"holder-{person.name}", "role": "HOLDER", "holder": person.holder_id}
    personas = {"holder": {"title": "Holder, synthetic (持证人)", "claims": claims}}
    examples = variables_of(journey) | variables_of_case(text(opened, "dispute", "id"))
    _write(deployment.data / "personas.json", personas)
    _write(deployment.data / "examples.json", examples)  # last: it says that the seed is whole


def variables_of(journey: Journey) -> dict[str, dict[str, object]]:
    """Variables with which the example operations run on this journey's data."""
    person, until = journey.person, to_time(datetime.now(UTC) + YEAR)
    credential = {"credentialId": journey.credential_id}
    bound = {"did": person.software.did}
    scope = {"totalAtLeast": THRESHOLD}
    consent = {"grantedTo": VERIFIER, "purpose": PURPOSE, "scope": scope, "validUntil": until}
    wish = {"issuerId": ISSUER, "categories": ["STOCK"], "purpose": PURPOSE}
    asked = {"customerNo": person.customer_no, "ruleSet": RULE_SET, "purpose": PURPOSE}
    granted = {"qualificationId": journey.qualification_id, "product": PRODUCT}
    reason = {"reasonCode": "ASSETS_FELL"}
    copy = {"custodyId": "cust_…", "wordDigest": sm3_hash(b"a word of her own")}
    inputs: dict[str, dict[str, object]] = {
        "03-bind-customer-account": {"accountNo": person.account_no, **bound},
        "04-prepare-credential-request": {**wish},
        "06-compile-credential-draft": {**credential},
        "07-issue-credential": {**credential},
        "08-prepare-countersignature": {**credential},
        "10-bind-customer": {"customerNo": person.customer_no, **bound},
        "11-create-presentation-request": {**asked},
        "12-prepare-consent": {**consent, "monitoringUntil": until, "uses": 1},
        "15-verify-presentation": {"presentationId": journey.presentation_id},
        "16-grant-permission": {**granted},
        "18-endorse-credential": {**credential, "effect": "REDUCED", **reason},
        "19-revoke-credential": {**credential, "reasonCode": "MATERIAL_DECREASE"},
        "22-decide-with-proof": {"presentationId": journey.presentation_id},
        "55-start-exit": {"scope": "PARTICIPANT", "trigger": "AGREEMENT", "institutionId": LEAVING},
        "72-lend-custody-copy": {**copy, "grantedTo": VERIFIER},
        "76-prepare-key-compromise-report": {"since": to_time(datetime.now(UTC))},
    }
    ids: dict[str, object] = {"id": journey.credential_id}
    found: dict[str, dict[str, object]] = {name: {"input": one} for name, one in inputs.items()}
    found |= {
        "27-status-at": {**ids, "time": to_time(datetime.now(UTC))},
        "28-resolve-did": {**bound},
        "52-whole-case": {"id": person.holder_id},
        "82-case-amounts": {"id": person.holder_id},
        "71-presentation-request": {"id": journey.request.get("id", "")},
    }
    return {"01-credential-screen": ids, "20-audit-timeline": ids, **found}


def variables_of_case(dispute: str) -> dict[str, dict[str, object]]:
    """The same for the examples that look at a dispute."""
    return {
        "42-export-evidence": {"input": {"disputeId": dispute}},
        "43-case": {"id": dispute, "time": to_time(datetime.now(UTC))},
    }


def _write(path: Path, value: object) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(value, ensure_ascii=False, indent=2), encoding="utf-8")
    draft.rename(path)
