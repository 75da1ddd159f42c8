"""What binds a person needs a fresh face check bound to the very bytes she signs (R6).

Every mutation of the schema is on one side: those whose input carries a face assertion are tried
here with each way in which one does not hold, in the middle of a real story; the others stand in
NOT_BINDING with the reason why nobody is bound by them.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from graphql import FieldNode, OperationDefinitionNode, get_named_type, parse
from graphql.type import GraphQLInputObjectType

from ledger_adapter.crypto import sm2
from subgraphs.demo.client import Client, Json
from subgraphs.demo.journey import Actors, Journey, Person
from subgraphs.holder.holder import DidLife, Holder
from subgraphs.vc.encoding import from_base64url, sm3_hash, to_base64url, to_time
from tests.access.matrix import api
from tests.access.world import World, a_copy
from tests.e2e.callers import RecordingClient, token_of, token_of_holder

NOT_BINDING: Final[Mapping[str, str]] = {
    "prepareCredentialRequest": "answers bytes; the submit step signs",
    "prepareCountersignature": "answers bytes; the submit step signs",
    "prepareConsent": "answers bytes; the submit step signs",
    "prepareAgreements": "answers bytes; the submit step signs",
    "prepareConsentWithdrawal": "answers bytes; the submit step signs",
    "prepareHolderKeyRotation": "answers bytes; the submit step signs",
    "prepareCustodyWithdrawal": "answers bytes; the submit step signs",
    "prepareWalletClosure": "answers bytes; the submit step signs",
    "prepareCancellation": "answers bytes; the submit step signs",
    "prepareRootDidDeactivation": "answers bytes; the submit step signs",
    "prepareKeyCompromiseReport": "answers bytes; the submit step signs",
    "prepareRecoveryCancellation": "answers bytes; the submit step signs",
    "prepareCustodyKeysRewrap": "answers bytes; the submit step signs",
    "lendCustodyCopy": "what it leads to opens with what her presentation brings, signed so",
    "completeRecovery": "what it rests on, the recovery, was signed before the camera",
    "withdrawCredentialRequest": "gives up what was only asked for",
    "depositToCustody": "her own copy, sealed by her; nobody else can open it",
    "submitPresentation": "the presentation is signed, and carries consent and face check itself",
    "bindCustomerAccount": "an institution's",
    "compileCredentialDraft": "an institution's",
    "issueCredential": "an institution's",
    "rejectCredentialRequest": "an institution's",
    "endorseCredential": "an institution's",
    "endorseCredentials": "an institution's",
    "revokeCredential": "an institution's",
    "registerInstitution": "the lead institution's",
    "moveInstitution": "the lead institution's",
    "licenseInstitution": "the lead institution's",
    "bindCustomer": "an institution's",
    "createPresentationRequest": "an institution's",
    "verifyPresentation": "an institution's",
    "grantPermission": "an institution's",
    "handleComplaint": "an institution's",
    "setAllowList": "the regulator's; its step-up is a token for this very list",
    "nameComplaintChannels": "an institution's",
    "fileComplaint": "her words; a complaint binds those who answer it",
    "decideReview": "an institution's",
    "recordPaperEvidence": "an institution's",
    "submitEvidence": "an institution's",
    "openDispute": "denies; whose key is stolen has to be able to",
    "closeDispute": "gives up what was only claimed",
    "requestUserExit": "begins a plan; each step that takes something away is signed elsewhere",
    "startExit": "an institution's",
    "reportIncident": "an institution's",
    "moveIncident": "an institution's",
    "planDrill": "an institution's",
    "recordDrill": "an institution's",
    "recordExitStep": "what it rests on, her closed wallet, was signed",
    "exportEvidence": "a copy for a party of the dispute",
}
ASSERTION: Final = "FaceAssertionInput"


def binding() -> set[str]:
    """The mutations whose input carries a face assertion, at any depth."""
    mutation = api().mutation_type
    assert mutation is not None
    return {
        name
        for name, field in mutation.fields.items()
        if ASSERTION in set(_inputs(get_named_type(field.args["input"].type)))
    }


def _inputs(kind: Any) -> Iterator[str]:
    if isinstance(kind, GraphQLInputObjectType):
        yield kind.name
        for field in kind.fields.values():
            yield from _inputs(get_named_type(field.type))


def test_every_mutation_is_on_one_side() -> None:
    mutation = api().mutation_type
    assert mutation is not None
    undecided = set(mutation.fields) - binding() - set(NOT_BINDING)
    assert not undecided, (
        f"say in NOT_BINDING why nobody is bound, or take a face check: {undecided}"
    )
    assert not set(NOT_BINDING) - set(mutation.fields)
    assert not set(NOT_BINDING) & binding()


@pytest.mark.parametrize("name", sorted(binding()))
def test_none_can_be_called_without_a_face_check(name: str) -> None:
    """Neither left out nor null: the schema itself refuses."""
    mutation = api().mutation_type
    assert mutation is not None
    kind = get_named_type(mutation.fields[name].args["input"].type)
    assert ASSERTION in set(_required(kind))


def _required(kind: Any) -> Iterator[str]:
    if isinstance(kind, GraphQLInputObjectType):
        yield kind.name
        for field in kind.fields.values():
            if str(field.type).endswith("!"):
                yield from _required(get_named_type(field.type))


class DoubtedClient(RecordingClient):
    """Sends each change that carries a face assertion with every bad one first."""

    def __init__(self, url: str, token: str | None) -> None:
        super().__init__(url, token)
        self.refused: dict[str, dict[str, str]] = {}

    async def raw(self, query: str, variables: Mapping[str, object] | None = None) -> Json:
        given = (variables or {}).get("input")
        if isinstance(given, dict) and _assertion(given) is not None:
            await self.doubt(query, given)
        return await super().raw(query, variables)

    async def doubt(self, query: str, given: Mapping[str, object]) -> None:
        """Ask with each bad assertion, and keep the code of each refusal."""
        name = _root_field(query)
        codes = self.refused.setdefault(name, {})
        for what, change in bad_ones().items():
            bad = deepcopy(dict(given)) | {"clientMutationId": None}
            assertion = _assertion(bad)
            assert assertion is not None
            assertion.update(change)
            answer: Any = await super().raw(query, {"input": bad})
            told = (answer.get("data") or {}).get(name) or {}
            codes[what] = str(told.get("code"))


def bad_ones() -> dict[str, dict[str, object]]:
    now = datetime.now(UTC)
    return {
        "bound to other bytes": {"boundTo": sm3_hash(b"something else")},
        "too old": {"at": to_time(now - timedelta(minutes=6))},
        "from later": {"at": to_time(now + timedelta(minutes=3))},
        "not live": {"liveness": "FAILED"},
    }


WANTED: Final = {
    "bound to other bytes": "FACE_OTHER_PAYLOAD",
    "too old": "FACE_TOO_OLD",
    "from later": "FACE_TOO_OLD",
    "not live": "FACE_NOT_LIVE",
}


def _assertion(given: Mapping[str, Any]) -> dict[str, object] | None:
    holder = given.get("holderSignature", given.get("signature"))
    inside = holder if isinstance(holder, dict) else given
    found = inside.get("faceAssertion")
    return found if isinstance(found, dict) else None


def _root_field(query: str) -> str:
    (operation,) = (
        one for one in parse(query).definitions if isinstance(one, OperationDefinitionNode)
    )
    (field,) = operation.selection_set.selections
    assert isinstance(field, FieldNode)
    return field.name.value


async def test_no_bad_face_check_binds_anybody(world: World) -> None:
    deployment = world.stack.deployment
    person = Person()
    holder = DoubtedClient(world.stack.url, token_of_holder(deployment, person))
    async with (
        holder,
        RecordingClient(world.stack.url, token_of(deployment, "issuer")) as issuer,
        RecordingClient(world.stack.url, token_of(deployment, "verifier")) as verifier,
    ):
        journey = Journey(Actors(holder=holder, issuer=issuer, verifier=verifier), person)
        await journey.to_credential()
        await journey.consent()
        await journey.agree("CUSTODY")
        for name, prepare, given in _more(journey, await _copy(holder)):
            prepared = await _prepared(holder, prepare, given)
            signature = person.software.sign(from_base64url(prepared["payloadToSign"]))
            asked = {"preparedId": prepared["preparedId"], "holderSignature": signature.as_input()}
            await holder.doubt(_mutation(name, "... on InvalidSignature { code }"), asked)
        asked = await _recovery(holder, person)
        await holder.doubt(_mutation("cancelRecovery", "... on InvalidSignature { code }"), asked)
        signed = person.software.cancel(journey.credential_id).as_input()
        given = {"id": journey.credential_id, "signature": signed}
        await holder.doubt(_mutation("cancelCredential", "... on InvalidSignature { code }"), given)
    assert {name for name, codes in holder.refused.items() if codes != WANTED} == set(), (
        holder.refused
    )
    assert set(holder.refused) == binding(), "a mutation that binds a person is not tried here"


async def _recovery(holder: DoubtedClient, person: Person) -> dict[str, object]:
    """Software without her key asks for another: each bad check first, then the good one. What is
    then to be signed to take it back."""
    software = Holder(sm2.PrivateKey.generate(), life=DidLife(did=person.software.did))
    asked = software.recovery(person.identity_document)
    given: dict[str, object] = {
        "identityDocument": asked.identity_document,
        "publicKeyMultibase": asked.public_key_multibase,
        "payload": to_base64url(asked.payload),
        "proofOfPossession": asked.proof_of_possession,
        "faceAssertion": asked.face_assertion.as_json(),
    }
    below = "... on StartRecoverySuccess { holder { didState } }"
    done: Any = await holder.ask(_mutation("startRecovery", below), {"input": given})
    assert done["startRecovery"]["holder"]["didState"] == "RECOVERING", done
    prepared = await _prepared(holder, "prepareRecoveryCancellation", {})
    signature = person.software.sign(from_base64url(prepared["payloadToSign"]))
    return {"preparedId": prepared["preparedId"], "holderSignature": signature.as_input()}


async def _copy(holder: Client) -> str:
    """A copy of hers in custody; its id."""
    found: Any = await holder.ask("{ me { walletItems { edges { node { id } } } } }")
    item = found["me"]["walletItems"]["edges"][0]["node"]["id"]
    below = "... on DepositToCustodySuccess { custody { id } }"
    sent = {"input": {"walletItemId": item, "ciphertext": a_copy()}}
    done: Any = await holder.ask(_mutation("depositToCustody", below), sent)
    return str(done["depositToCustody"]["custody"]["id"])


def _more(journey: Journey, copy: str) -> Iterator[tuple[str, str, dict[str, object]]]:
    """What the journey itself does not do, with its prepare step; nothing of it is completed."""
    new = journey.person.software.new_key(sm2.PrivateKey.generate())
    yield (
        "rotateHolderKey",
        "prepareHolderKeyRotation",
        {
            "publicKeyMultibase": new.public_key_multibase,
            "proofOfPossession": new.proof_of_possession,
        },
    )
    since = to_time(datetime.now(UTC))
    yield "reportKeyCompromise", "prepareKeyCompromiseReport", {"since": since}
    keys = [{"custodyId": copy, "wrappedKey": "c2VhbGVk"}]
    yield "rewrapCustodyKeys", "prepareCustodyKeysRewrap", {"keys": keys}
    yield "deactivateRootDid", "prepareRootDidDeactivation", {}
    yield "withdrawConsent", "prepareConsentWithdrawal", {"consentId": journey.consent_id}
    yield "closeWallet", "prepareWalletClosure", {}
    yield "withdrawFromCustody", "prepareCustodyWithdrawal", {"custodyId": copy}


async def _prepared(client: Client, name: str, given: Mapping[str, object]) -> Any:
    member = f"{name[0].upper()}{name[1:]}Success"
    below = f"... on {member} {{ preparedId payloadToSign }}"
    answer: Any = await client.ask(_mutation(name, below), {"input": dict(given)})
    return answer[name]


def _mutation(name: str, below: str) -> str:
    kind = f"{name[0].upper()}{name[1:]}Input!"
    return (
        f"mutation Step($input: {kind}) {{ {name}(input: $input) {{ __typename "
        f"... on DomainError {{ code message }} {below} }} }}"
    )
