"""No root DID without every step of proofing, for this very wish; each step is told to the log."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from subgraphs.kit.agreements import CATALOGUE, AgreementStage
from subgraphs.kit.identity import Application, IdentityProvider, Registration
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.proofing import Proofing, StepKind, own_will_digest, parse_proofing
from tests.subgraphs.wallet.purse import REGULATOR, VERIFIER, Purse, a_person

SHOWN = """query($id: ID!) { node(id: $id) { ... on Holder {
  proofing { complete steps { kind result evidence } document } } } }"""


@dataclass(slots=True)
class Doubtful:
    """The real provider, whose proofing is changed on its way."""

    real: IdentityProvider
    change: Any

    async def register(self, application: Application, /) -> Registration:
        done = await self.real.register(application)
        return replace(done, proofing=self.change(done.proofing))

    async def match(self, did: str, identity_document: str, /) -> Any:
        return await self.real.match(did, identity_document)

    async def tag_key(self, did: str, identity_document: str, /) -> Any:
        return await self.real.tag_key(did, identity_document)


async def test_the_steps_are_state_and_an_event_each(purse: Purse) -> None:
    ann = await purse.registered()
    found = (await purse.ask(SHOWN, {"id": ann.id}, who=ann.who)).only("node")["proofing"]
    assert found["complete"] is True
    assert [one["kind"] for one in found["steps"]] == [kind.value for kind in StepKind]
    assert {one["result"] for one in found["steps"]} == {"PASSED"}
    evidence = {one["kind"]: one["evidence"] for one in found["steps"]}
    assert evidence["OWN_WILL"] == own_will_digest()
    told = [one.envelope for one in await purse.events("IDENTITY_PROOFED")]
    assert [one.body["step"] for one in told] == [kind.value for kind in StepKind]
    proofing = parse_proofing(found["document"])
    assert {one.body["proofingDigest"] for one in told} == {proofing.digest}
    assert {one.subjects for one in told} == {(ann.id,)}


async def test_it_is_shown_to_her_alone(purse: Purse) -> None:
    ann = await purse.registered()
    for who in (a_person("ben").who, VERIFIER, REGULATOR):
        found = await purse.ask(SHOWN, {"id": ann.id}, who=who)
        assert (found.data or {"node": None})["node"] in (None, {"proofing": None})


async def test_without_her_own_will_there_is_no_root_did(purse: Purse) -> None:
    """Left out of what she signed: the wallet asks for it, and so does the provider."""
    ann = a_person()
    texts = [
        one.text
        for one in CATALOGUE
        if one.stage is AgreementStage.ROOT_DID and one.digest != own_will_digest()
    ]
    asked = ann.software.registration("TEST-ann", read=texts)
    changed: dict[str, Any] = {
        "payload": to_base64url(asked.payload),
        "proofOfPossession": asked.proof_of_possession,
        "faceAssertion": asked.face_assertion.as_json(),
    }
    refused = await purse.register(ann, **changed)
    assert [one["kind"] for one in refused["missing"]] == ["OWN_WILL"]
    terms = purse.parts.terms
    rest = tuple(one for one in terms.agreements if one.digest != own_will_digest())
    purse.replace_parts(terms=replace(terms, agreements=rest))
    refused = await purse.register(ann, **changed)
    assert (refused["__typename"], refused["code"]) == ("ValidationFailed", "OWN_WILL_MISSING")
    assert await purse.parts.store.root_did(ann.id) is None


def without_a_step(found: Proofing) -> Proofing:
    return replace(found, steps=found.steps[:-1])


def failed(found: Proofing) -> Proofing:
    (first, *rest) = found.steps
    return replace(found, steps=(replace(first, result="FAILED"), *rest))


def rewritten(found: Proofing) -> Proofing:
    """As somebody between provider and wallet might write it."""
    steps: Any = found.raw["steps"]
    raw: Any = {**found.raw, "steps": [{**one, "evidence": own_will_digest()} for one in steps]}
    return parse_proofing(raw)


def of_another(found: Proofing) -> Proofing:
    return replace(found, payload_digest=own_will_digest())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (without_a_step, "PROOFING_INCOMPLETE"),
        (failed, "PROOFING_INCOMPLETE"),
        (rewritten, "PROOFING_INVALID"),
        (of_another, "PROOFING_INVALID"),
    ],
)
async def test_a_proofing_that_does_not_hold_registers_nobody(
    purse: Purse, change: Any, code: str
) -> None:
    ann = a_person()
    purse.replace_parts(identity=Doubtful(purse.world.identity, change))
    refused = await purse.register(ann)
    assert refused["code"] == code
    assert await purse.parts.store.root_did(ann.id) is None
    assert await purse.events("IDENTITY_PROOFED") == []
    purse.replace_parts(identity=purse.world.identity)
    done = await purse.register(ann)
    assert done["__typename"] == "RegisterRootDidSuccess", done


async def test_a_proofing_of_another_key_is_none_of_hers(purse: Purse) -> None:
    """The provider's true word about somebody else."""
    ben = a_person("ben")
    other = ben.software.registration("TEST-ben")
    of_ben = await purse.world.identity.register(
        Application(
            identity_document=other.identity_document,
            public_key_multibase=other.public_key_multibase,
            proof_of_possession=other.proof_of_possession,
            payload=other.payload,
            face_assertion=other.face_assertion.as_json(),
        )
    )
    purse.replace_parts(identity=Doubtful(purse.world.identity, lambda _: of_ben.proofing))
    refused = await purse.register(a_person())
    assert refused["code"] == "PROOFING_INVALID"
