"""One person of a population, from nothing to credentials in force, by the mutations' own steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from subgraphs.demo.journey import PURPOSE
from subgraphs.demo.loading.rooms import Rooms
from subgraphs.demo.population.books import Town, categories_of
from subgraphs.demo.population.people import private_key_of
from subgraphs.demo.population.records import Account
from subgraphs.holder.holder import Holder, HolderSignature
from subgraphs.issuer.desk.bind import bind_customer_account
from subgraphs.issuer.desk.countersign import countersign, prepare_countersignature
from subgraphs.issuer.desk.issue import compile_draft, issue
from subgraphs.issuer.desk.request import prepare_request, submit_request
from subgraphs.issuer.parts import Parts as Issuer
from subgraphs.kit.agreements import AgreementStage, asked_before, in_force
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, derived_id, institution_id
from subgraphs.kit.signing import FaceAssertionInput, HolderSignatureInput
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.rules.calendar import day_of
from subgraphs.vc.encoding import to_base64url
from subgraphs.wallet.parts import Parts as Wallet
from subgraphs.wallet.steps.agree import AGREE, prepare_agreements, sign_agreements
from subgraphs.wallet.steps.register import Asked, register_root_did
from subgraphs.wallet.steps.signed import Submitted

CUSTOMER: Final = "CUST-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resident:
    """Somebody of a town, with the key in her app."""

    town: Town
    index: int
    holder: HolderId
    software: Holder

    @property
    def viewer(self) -> Viewer:
        return Viewer(role=Role.HOLDER, subject=f"holder-{self.holder}", holder=self.holder)

    @property
    def identity_document(self) -> str:
        return self.town.identity_document(self.index)

    @property
    def customer_no(self) -> str:
        """Her number in a verifier's simulated customer register."""
        return f"{CUSTOMER}{self.identity_document.removeprefix('TEST-')}"

    @property
    def accounts(self) -> Sequence[Account]:
        return self.town.dossier(self.index).accounts


def resident(town: Town, index: int) -> Resident:
    """The same holder each time: whoever is there already is not loaded twice."""
    place = f"{town.seed}|{town.copy}|{index}"  # as her documents: no size and no day in them
    # another copy is another person, with a key of her own
    key = private_key_of(town.seed + (town.copy << 64), index)
    return Resident(
        town=town,
        index=index,
        holder=HolderId(derived_id("hold", "population", place)),
        software=Holder(key),
    )


async def settle(rooms: Rooms, one: Resident) -> None:
    """Her root DID, and a credential in force of each of her accounts."""
    since = len(rooms.told.events)
    day = day_of(rooms.wallet.clock())
    texts = in_force(AgreementStage.ROOT_DID, on=day, among=rooms.wallet.terms.agreements)
    wish = one.software.registration(one.identity_document, read=[text.text for text in texts])
    asked = Asked(
        identity_document=wish.identity_document,
        public_key_multibase=wish.public_key_multibase,
        payload=wish.payload,
        proof_of_possession=wish.proof_of_possession,
        face_assertion=wish.face_assertion,
    )
    await register_root_did(rooms.wallet, one.viewer, asked, client_id=None)
    await agree(rooms.wallet, one, AgreementStage.ISSUANCE)
    await rooms.heard(since)
    for account in one.accounts:
        await bind(rooms.issuer, one, account)
        await certify(rooms.issuer, one, account)


async def agree(wallet: Wallet, one: Resident, stage: AgreementStage) -> None:
    """She reads and signs what is asked for before a stage."""
    texts = asked_before(stage, on=day_of(wallet.clock()), among=wallet.terms.agreements)
    wish = await prepare_agreements(wallet, one.viewer, stage)
    signed = one.software.sign_agreements(
        dict(wish.payload), to_base64url(wish.to_sign), read=[text.text for text in texts]
    )
    given = Submitted(wish.id, AGREE, as_input(signed))
    await sign_agreements(wallet, one.viewer, given, client_id=None)


def desk_of(institution: InstitutionId) -> Viewer:
    """Who sits at an issuer's desk."""
    return Viewer(role=Role.ISSUER, subject=f"desk-{institution}", institution=institution)


async def bind(parts: Issuer, one: Resident, account: Account) -> None:
    """The issuer matches the account to her root DID."""
    desk, number = desk_of(institution_id(account.institution)), one.town.number(account)
    await bind_customer_account(
        parts, desk, account_no=number, did=one.software.did, client_id=None
    )


async def certify(parts: Issuer, one: Resident, account: Account) -> CredentialId:
    """A credential in force of an account that is bound to her."""
    institution = institution_id(account.institution)
    desk = desk_of(institution)
    wish = await prepare_request(
        parts,
        one.viewer,
        issuer=institution,
        categories=[category.value for category in categories_of(account)],
        purpose=PURPOSE,
    )
    signature = as_input(one.software.sign(wish.to_sign))
    id_ = await submit_request(
        parts, one.viewer, prepared=wish.id, signature=signature, client_id=None
    )
    await compile_draft(parts, desk, credential=id_, client_id=None)
    await issue(parts, desk, credential=id_, client_id=None)
    offer = await prepare_countersignature(parts, one.viewer, credential=id_)
    signature = as_input(one.software.sign(offer.to_sign))
    return await countersign(
        parts, one.viewer, prepared=offer.id, signature=signature, client_id=None
    )


def as_input(signed: HolderSignature) -> HolderSignatureInput:
    """Her signature as a mutation takes it."""
    face = signed.face_assertion
    return HolderSignatureInput(
        verification_method=signed.verification_method,
        value=signed.value,  # type: ignore[arg-type]
        face_assertion=FaceAssertionInput(
            id=face.id,  # type: ignore[arg-type]
            provider=face.provider,
            liveness=face.liveness,
            at=face.at,
            bound_to=face.bound_to,  # type: ignore[arg-type]
        ),
    )
