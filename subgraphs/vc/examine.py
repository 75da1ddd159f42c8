"""Look at everything a presentation says and note each thing apart.

Laws: nothing found stops the looking, so no failure hides another; nothing is fetched (keys come
from the register handed in, time from the terms); what only the log or the verifier's own books
know (status, hash on the log, replay) is the caller's to add.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from subgraphs.vc import consent as consents
from subgraphs.vc import lower_bound, model, proofs
from subgraphs.vc.consent import Consent
from subgraphs.vc.did import Did, MethodId, method_id
from subgraphs.vc.did_versions import Authority, DidHistory, history_of
from subgraphs.vc.encoding import from_time, to_time
from subgraphs.vc.errors import VcError
from subgraphs.vc.examination import (
    CheckKind,
    Examination,
    ExaminedCredential,
    Finding,
    Reason,
    Terms,
    TrustRegister,
    TrustRole,
)
from subgraphs.vc.face import face_refusal, read_face_assertion
from subgraphs.vc.lower_bound import LowerBound, Steps
from subgraphs.vc.model import CredentialHead, ShownClaims
from subgraphs.vc.multikey import VerificationKey
from subgraphs.vc.presentation import BoundReveal, Presentation, Shown
from subgraphs.vc.proofs import Expectation, ProofReason, Purpose
from subgraphs.vc.receipt import RootDidReceipt, parse_receipt, verify_receipt
from subgraphs.vc.strict_json import JsonObject

WRONG_CLOCK: Final = timedelta(minutes=15)


def examine(presentation: Presentation, terms: Terms, register: TrustRegister) -> Examination:
    """Every finding about a presentation, good ones too."""
    work = _Examiner(presentation, terms, register, _Notes([]))
    receipt = work.receipt()
    history = work.history(receipt)
    work.presentation_proof(history)
    consent = work.consent(history)
    credentials = tuple(
        _CredentialExaminer(work, index, shown, history, consent).examined()
        for index, shown in enumerate(presentation.shown)
    )
    return Examination(
        presentation=presentation,
        receipt=receipt,
        history=history,
        consent=consent,
        credentials=credentials,
        findings=tuple(work.notes.findings),
        at=terms.now,
    )


@dataclass(frozen=True, slots=True)
class _Notes:
    findings: list[Finding]

    def add(
        self,
        check: CheckKind,
        topic: str,
        place: str,
        reason: Reason | None = None,
        detail: str | None = None,
    ) -> None:
        self.findings.append(
            Finding(check=check, topic=topic, place=place, reason=reason, detail=detail)
        )


@dataclass(frozen=True, slots=True)
class _Examiner:
    presentation: Presentation
    terms: Terms
    register: TrustRegister
    notes: _Notes

    def receipt(self) -> RootDidReceipt | None:
        """The identity provider's word for the holder's keys; None when it does not hold."""
        read, detail = self._read_receipt()
        reason = None if detail is None else Reason.RECEIPT_INVALID
        self.notes.add(CheckKind.HOLDER_BINDING, "receipt", "/receipt", reason, detail)
        customer = self.terms.customer
        stranger = customer is not None and customer != self.presentation.holder
        self.notes.add(
            CheckKind.HOLDER_BINDING,
            "customer",
            "/holder",
            Reason.NOT_OUR_CUSTOMER if stranger else None,
        )
        return read if detail is None else None

    def _read_receipt(self) -> tuple[RootDidReceipt | None, str | None]:
        if self.presentation.receipt is None:
            return None, "RECEIPT_MISSING"
        try:
            receipt = parse_receipt(self.presentation.receipt, "/receipt")
        except VcError as error:
            return None, error.code
        if receipt.did != self.presentation.holder:
            return receipt, "RECEIPT_OF_ANOTHER"
        method = MethodId(_method_by(receipt.raw, receipt.issuer))
        key = self._provider_key(receipt.issuer, method, receipt.registered_at)
        if key is None:
            return receipt, "IDENTITY_PROVIDER_UNKNOWN"
        return receipt, verify_receipt(receipt, method=method, key=key).reason

    def _provider_key(self, did: Did, method: MethodId, at: datetime) -> VerificationKey | None:
        return self.register.key_of(did, TrustRole.IDENTITY_PROVIDER, method, at)

    def history(self, receipt: RootDidReceipt | None) -> DidHistory | None:
        """The holder's DID from the receipt to the last version shown; None when it breaks."""
        if receipt is None:
            return None
        values = [one.version for one in self.presentation.did_versions]
        provider = receipt.issuer
        authority = Authority(did=provider, key_at=partial(self._provider_key, provider))
        try:
            found = history_of(receipt, values, authority)
        except VcError as error:
            self._history_note(Reason.DID_HISTORY_INVALID, error.code)
            return None
        self._history_note()
        return found

    def _history_note(self, reason: Reason | None = None, detail: str | None = None) -> None:
        self.notes.add(CheckKind.HOLDER_BINDING, "did-history", "/didVersions", reason, detail)

    def presentation_proof(self, history: DidHistory | None) -> None:
        """Signed by the holder; for our nonce, for us, and not yet over: four findings."""
        claimed = self.presentation.proof
        method = MethodId(str(claimed.get("verificationMethod")))
        at = _about_now(self.presentation.proof, self.terms.now)
        key = holder_key(history, method, Purpose.AUTHENTICATION, at)
        refused = "KEY_UNKNOWN" if key is None else self._signature(method, key)
        reason = Reason.HOLDER_KEY_MISMATCH if refused else None
        self.notes.add(CheckKind.HOLDER_BINDING, "holder-proof", "/proof", reason, refused)
        questions = (
            ("nonce", "/proof/challenge", self.presentation.challenge == self.terms.nonce),
            ("audience", "/proof/domain", self.presentation.audience == self.terms.audience),
        )
        reasons = (Reason.NONCE_UNKNOWN, Reason.AUDIENCE_MISMATCH)
        for (topic, place, met), bad in zip(questions, reasons, strict=True):
            self.notes.add(CheckKind.HOLDER_AUTHORISATION, topic, place, None if met else bad)
        self.notes.add(CheckKind.TIMELINESS, "presentation", "/proof/expires", self._age())

    def _signature(self, method: MethodId, key: VerificationKey) -> ProofReason | None:
        expected = Expectation(purpose=Purpose.AUTHENTICATION, verification_method=method)
        document, proof = self.presentation.raw, self.presentation.proof
        return proofs.verify(document, proof, key, expected).reason

    def _age(self) -> Reason | None:
        try:
            created = from_time(str(self.presentation.proof.get("created")))
            expires = from_time(str(self.presentation.proof.get("expires")))
        except VcError:
            return Reason.MALFORMED
        return _early(created, self.terms.now) or _over(expires, self.terms.now)

    def consent(self, history: DidHistory | None) -> Consent | None:
        """The artefact, its signature, its face check, its terms."""
        document = self.presentation.consent
        if document is None:
            self._authorisation("consent", Reason.CONSENT_MISSING)
            return None
        try:
            consent = consents.read_consent(document, "/consent")
        except VcError as error:
            self._authorisation("consent", Reason.CONSENT_INVALID, error.code)
            return None
        refused = self._consent_signature(document, history)
        reason = Reason.CONSENT_INVALID if refused else None
        self._authorisation("consent", reason, refused)
        self._face(document)
        for topic, bad in self._consent_terms(consent):
            self._authorisation(topic, bad)
        return consent

    def _consent_signature(
        self, document: JsonObject, history: DidHistory | None
    ) -> ProofReason | None:
        method = MethodId(_method_by(document, self.presentation.holder))
        at = _signed_at(document, method, self.terms.now)
        key = holder_key(history, method, Purpose.ASSERTION, at)
        if key is None:
            return ProofReason.METHOD_MISMATCH
        expected = Expectation(purpose=Purpose.ASSERTION)
        return proofs.verify_by(document, method, key, expected).reason

    def _face(self, document: JsonObject) -> None:
        detail: str | None
        try:
            (proof,) = proofs.proofs_of(document)
            config = {name: value for name, value in proof.items() if name != "proofValue"}
            assertion = read_face_assertion(
                self.presentation.face_assertion or {}, "/faceAssertion"
            )
            signed_at = from_time(str(proof.get("created")))
            detail = face_refusal(assertion, proofs.payload(document, config), signed_at)
        except (VcError, ValueError) as error:
            detail = error.code if isinstance(error, VcError) else "PROOF_MISSING"
        reason = Reason.FACE_CHECK_INVALID if detail else None
        self._authorisation("face-check", reason, detail, "/faceAssertion")

    def _consent_terms(self, consent: Consent) -> Iterator[tuple[str, Reason | None]]:
        terms = self.terms
        ours = consent.holder == self.presentation.holder and consent.granted_to == terms.audience
        yield "consent-parties", None if ours else Reason.CONSENT_INVALID
        fits = terms.purpose in {None, consent.purpose}
        yield "consent-purpose", None if fits else Reason.CONSENT_INVALID
        began = _early(consent.valid_from, terms.now)
        yield "consent-time", began or _over(consent.valid_until, terms.now)
        until = consent.monitoring.until
        watched = not terms.monitoring or (until is not None and terms.now < until)
        yield "monitoring", None if watched else Reason.MONITORING_NOT_GRANTED

    def _authorisation(
        self,
        topic: str,
        reason: Reason | None = None,
        detail: str | None = None,
        place: str = "/consent",
    ) -> None:
        self.notes.add(CheckKind.HOLDER_AUTHORISATION, topic, place, reason, detail)


@dataclass(frozen=True, slots=True)
class _CredentialExaminer:
    work: _Examiner
    index: int
    shown: Shown
    history: DidHistory | None
    consent: Consent | None

    @property
    def place(self) -> str:
        return f"/verifiableCredential/{self.index}"

    def examined(self) -> ExaminedCredential:
        document = self.shown.credential
        digest = model.vc_hash(document)
        try:
            head = model.read_head(document, self.place)
        except VcError as error:
            self._note(CheckKind.INTEGRITY, "credential", Reason.MALFORMED, error.code)
            return ExaminedCredential(vc_hash=digest, head=None, claims=None, bound=None)
        self._subject(head)
        self._issuer(head)
        self._countersignature(head)
        self._validity(head)
        claims = self._claims()
        bound = self._bound("lower-bound", self.shown.bound, head.lower_bound)
        seasoning = None if claims is None else claims.guard.seasoning
        against = None if seasoning is None else seasoning.bound
        seasoned = self._bound("seasoned-bound", self.shown.seasoned, against)
        self._scope(head, claims, bound, seasoned)
        return ExaminedCredential(
            vc_hash=digest, head=head, claims=claims, bound=bound, seasoned=seasoned
        )

    def _subject(self, head: CredentialHead) -> None:
        own = head.subject == self.work.presentation.holder
        reason = None if own else Reason.HOLDER_KEY_MISMATCH
        self._note(CheckKind.HOLDER_BINDING, "subject", reason)

    def _issuer(self, head: CredentialHead) -> None:
        method = MethodId(_method_by(self.shown.credential, head.issuer))
        at = _signed_at(self.shown.credential, method, head.valid_from)
        key = self.work.register.key_of(head.issuer, TrustRole.ISSUER, method, at)
        refused = self._refused(method, key)
        missing = Reason.ISSUER_KEY_MISMATCH if refused == ProofReason.PROOF_MISSING else None
        untrusted = Reason.ISSUER_NOT_TRUSTED if key is None else missing
        self._note(CheckKind.TRUSTED_ISSUER, "issuer", untrusted)
        reason = Reason.PROOF_INVALID if refused else None
        self._note(CheckKind.INTEGRITY, "issuer-proof", reason, refused)
        self._proof_time("issuer-proof-time", method)

    def _countersignature(self, head: CredentialHead) -> None:
        method = MethodId(_method_by(self.shown.credential, head.subject))
        at = _signed_at(self.shown.credential, method, head.valid_from)
        key = holder_key(self.history, method, Purpose.ASSERTION, at)
        refused = self._refused(method, key)
        reason = Reason.PROOF_INVALID if refused else None
        self._note(CheckKind.INTEGRITY, "holder-countersignature", reason, refused)
        self._proof_time("countersignature-time", method)

    def _refused(self, method: MethodId, key: VerificationKey | None) -> str | None:
        if key is None:
            return "KEY_UNKNOWN"
        expected = Expectation(purpose=Purpose.ASSERTION)
        return proofs.verify_by(self.shown.credential, method, key, expected).reason

    def _proof_time(self, topic: str, method: MethodId) -> None:
        """Apart from the signature: two clocks that differ are no forgery."""
        reason = _untimely(self.shown.credential, method, self.work.terms.now)
        self._note(CheckKind.TIMELINESS, topic, reason)

    def _validity(self, head: CredentialHead) -> None:
        now = self.work.terms.now
        reason = _over(head.valid_until, now) or _early(head.valid_from, now)
        self._note(CheckKind.TIMELINESS, "validity", reason)

    def _claims(self) -> ShownClaims | None:
        try:
            claims = model.read_claims(self.shown.credential, self.shown.disclosures, self.place)
        except VcError as error:
            self._note(CheckKind.INTEGRITY, "disclosures", Reason.DISCLOSURE_INVALID, error.code)
            return None
        self._note(CheckKind.INTEGRITY, "disclosures")
        return claims

    def _bound(
        self, topic: str, reveal: BoundReveal | None, against: LowerBound | None
    ) -> Steps | None:
        if reveal is None:
            return None
        holds = against is not None and lower_bound.proves(against, reveal.steps, reveal.link)
        reason = None if holds else Reason.LOWER_BOUND_INVALID
        self._note(CheckKind.INTEGRITY, topic, reason)
        return reveal.steps if holds else None

    def _scope(
        self, head: CredentialHead, claims: ShownClaims | None, *bounds: Steps | None
    ) -> None:
        paths = () if claims is None else claims.paths
        consent = self.consent
        within = consent is None or (
            consent.meant(head.uri)
            and all(consent.covers(path) for path in paths)
            and (bounds == (None, None) or bool(consent.predicates))
        )
        reason = None if within else Reason.SCOPE_EXCEEDED
        self._note(CheckKind.HOLDER_AUTHORISATION, "scope", reason)

    def _note(
        self,
        check: CheckKind,
        topic: str,
        reason: Reason | None = None,
        detail: str | None = None,
    ) -> None:
        self.work.notes.add(check, topic, self.place, reason, detail)


def holder_key(
    history: DidHistory | None, method: MethodId, purpose: Purpose, at: datetime
) -> VerificationKey | None:
    """The holder's key behind a method at a time, as receipt and versions vouch for it."""
    return None if history is None else history.key_for(method, purpose, at)


def _early(begins: datetime, now: datetime) -> Reason | None:
    """A time to come: nothing within what clocks may differ; up to a quarter of an hour it is
    called a clock that is wrong, theirs or ours."""
    if begins <= now + proofs.CLOCK_SKEW:
        return None
    return Reason.CLOCK_SKEW if begins <= now + WRONG_CLOCK else Reason.NOT_YET_VALID


def _over(ends: datetime, now: datetime) -> Reason | None:
    return None if now < ends else Reason.EXPIRED


def _untimely(document: JsonObject, method: MethodId, now: datetime) -> Reason | None:
    try:
        proof = proofs.proof_by(document, method) or {}
    except VcError:
        return None  # the signature's finding says so
    try:
        times = [from_time(str(proof.get(name, to_time(now)))) for name in ("created", "expires")]
    except VcError:
        return Reason.MALFORMED
    over = _over(times[1], now) if "expires" in proof else None
    return _early(times[0], now) or over


def _about_now(proof: JsonObject, now: datetime) -> datetime:
    """When a proof was made just now, by a clock that may be ahead of ours."""
    try:
        created = from_time(str(proof.get("created")))
    except VcError:
        return now
    return min(max(now, created), now + WRONG_CLOCK)


def _method_by(document: JsonObject, did: Did) -> str:
    try:
        return proofs.method_by(document, did) or method_id(did)
    except VcError:
        return method_id(did)  # no proof that can be read: refused when it is asked for


def _signed_at(document: JsonObject, method: MethodId, otherwise: datetime) -> datetime:
    """When the proof says it was made. A thief can say so too: what makes the time true is the
    log, where the document's hash has to stand."""
    try:
        proof = proofs.proof_by(document, method)
        return otherwise if proof is None else from_time(str(proof.get("created")))
    except VcError:
        return otherwise
