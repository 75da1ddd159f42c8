"""Inputs as the steps take them, and prepared rows as clients get them."""

from __future__ import annotations

from typing import TypeVar

import strawberry

from subgraphs.kit.errors import Invalid, SignatureRefused
from subgraphs.kit.prepared import PreparedRow
from subgraphs.kit.scalars import json_value
from subgraphs.kit.signing import FaceAssertionInput, PreparedFields, to_sign
from subgraphs.vc.encoding import Hash, from_base64url
from subgraphs.vc.errors import VcError
from subgraphs.vc.face import FaceAssertion
from subgraphs.wallet.schema.inputs import RegisterRootDidInput
from subgraphs.wallet.schema.key_inputs import StartRecoveryInput
from subgraphs.wallet.steps.register import Asked

PreparedT = TypeVar("PreparedT", bound=PreparedFields)


def asked_of(given: RegisterRootDidInput | StartRecoveryInput) -> Asked:
    """What a new key signed, before the camera; Invalid or SignatureRefused by its form alone."""
    try:
        payload = from_base64url(given.payload)
    except VcError as fault:
        raise Invalid(str(fault), field="payload", code=fault.code) from fault
    return Asked(
        identity_document=given.identity_document,
        public_key_multibase=given.public_key_multibase,
        payload=payload,
        proof_of_possession=given.proof_of_possession,
        face_assertion=_face(given.face_assertion),
    )


def prepared(success: type[PreparedT], row: PreparedRow) -> PreparedT:
    """A prepared row as its mutation's success."""
    return success(
        prepared_id=strawberry.ID(row.id),
        payload=json_value(row.payload),
        payload_to_sign=to_sign(row.to_sign),
        expires_at=row.expires_at,
    )


def _face(given: FaceAssertionInput) -> FaceAssertion:
    if given.at.tzinfo is None:
        raise SignatureRefused("the face assertion's time has no offset", code="FACE_INVALID")
    return FaceAssertion(
        id=given.id,
        provider=given.provider,
        liveness=given.liveness,
        at=given.at,
        bound_to=Hash(given.bound_to),
    )
