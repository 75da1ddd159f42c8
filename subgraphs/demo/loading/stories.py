"""What befalls people once their credentials are in force, by the mutations' own steps over rows
that are lent (`stage.py`): shown to a verifier and accepted, reduced, suspended, revoked, renewed,
consents withdrawn, credentials cancelled.

Laws: what is shown or changed stands on the log before, so that a verifier decides on what is
there; all that follows from an event is the followers' own work; whoever has given a consent has
had her story: one that was cut short stays as far as it came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from ledger_adapter.crypto.sm2 import own_signatures_hold
from subgraphs.demo.houses import TAGS
from subgraphs.demo.journey import PRODUCT, PURPOSE, RULE_SET, THRESHOLD, VERIFIER, YEAR
from subgraphs.demo.loading.doors import Doors
from subgraphs.demo.loading.lent import Overtaken
from subgraphs.demo.loading.person import Resident, agree, as_input, certify, desk_of
from subgraphs.demo.loading.stage import Stage, Whose
from subgraphs.demo.population.books import Town
from subgraphs.holder.choose import HeldCredential, evenly, show
from subgraphs.holder.holder import Grant
from subgraphs.issuer.desk.endorse import endorse
from subgraphs.issuer.records import Credential
from subgraphs.kit.agreements import AgreementStage
from subgraphs.kit.errors import Busy
from subgraphs.kit.idempotent import Call
from subgraphs.kit.mongo import Session
from subgraphs.kit.offload import in_place
from subgraphs.kit.viewer import Role, Viewer
from subgraphs.rules.assess import Outcome
from subgraphs.vc.did import Did
from subgraphs.vc.lower_bound import UNIT, steps_of
from subgraphs.vc.model import CredentialUri
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.presentation import Shown
from subgraphs.vc.strict_json import JsonObject
from subgraphs.verifier import ask, grant, submit, verify
from subgraphs.verifier.bind import bind_customer
from subgraphs.verifier.parts import Parts as Verifier
from subgraphs.verifier.records import Qualification
from subgraphs.wallet.records import ConsentId
from subgraphs.wallet.steps import cancel
from subgraphs.wallet.steps.consent import (
    grant_consent,
    prepare_consent,
    prepare_withdrawal,
    withdraw_consent,
)
from subgraphs.wallet.steps.terms import Wanted

TRIES: Final = 12
CHUNK: Final = 200
SHOWN: Final = "PRESENTED"
REASON: Final = "ASSETS_CHANGED"
_DESK: Final = Viewer(role=Role.VERIFIER, subject=f"desk-{VERIFIER}", institution=VERIFIER)


@dataclass(slots=True, kw_only=True)
class Life:
    """One person's story, as far as it has come; `kinds` is what follows what she shows."""

    one: Resident
    kinds: Sequence[str]
    credentials: Sequence[Credential]
    receipt: JsonObject
    consent: ConsentId | None = None
    grant: Grant | None = None

    @property
    def held(self) -> list[HeldCredential]:
        """Her credentials with all that opens them, as she has them in her app."""
        return [
            HeldCredential(document=row.offer.document, disclosures=tuple(row.offer.disclosures))
            for row in self.credentials
            if row.offer is not None
        ]


def kinds_after(town: Town, index: int) -> tuple[str, ...]:
    """What befalls somebody after she has shown her proofs, as far as it is played here."""
    script = [step.kind for step in town.dossier(index).script]
    if SHOWN not in script:
        return ()
    after = tuple(script[script.index(SHOWN) + 1 :])
    return after if set(after) <= STEPS.keys() else ()


async def play(doors: Doors, people: Sequence[Resident]) -> int:
    """Their stories beside each other, step by step; how many that were."""
    with in_place(), own_signatures_hold():
        lives = await _lives(doors, [one for one in people if kinds_after(one.town, one.index)])
        await _all(doors, lives, _consented)
        await _all(doors, lives, _shown)
        for place in range(max((len(life.kinds) for life in lives), default=0)):
            able = [life for life in lives if place < len(life.kinds)]
            await _all(doors, able, partial(_next, place=place))
    return len(lives)


async def _lives(doors: Doors, people: Sequence[Resident]) -> list[Life]:
    whose = Whose(
        holders=[one.holder for one in people],
        dids=[one.software.did for one in people],
        credentials=(),
        consents=(),
    )
    stage = await doors.stage(whose)
    return [life for one in people if (life := await _life(stage, one)) is not None]


async def _life(stage: Stage, one: Resident) -> Life | None:
    kinds = kinds_after(one.town, one.index)
    if await stage.wallet.store.consents_of(one.holder, 1):
        return None
    root = await stage.wallet.store.root_did(one.holder)
    held = await stage.issuer.store.in_force_of(one.holder, stage.issuer.clock())
    if root is None or not held:
        return None
    order = [one.town.number(account) for account in one.accounts]
    held.sort(key=lambda row: order.index(row.account_no))
    return Life(one=one, kinds=kinds, credentials=held, receipt=root.receipt)


async def _next(stage: Stage, life: Life, *, place: int) -> list[str]:
    return await STEPS[life.kinds[place]](stage, life)


async def _all(doors: Doors, lives: Sequence[Life], step: Step) -> None:
    """One step of all, and then what it told is read by everybody."""
    if lives:
        await doors.on_log(await _written(doors, lives, step))


async def _written(doors: Doors, lives: Sequence[Life], step: Step) -> list[str]:
    """The entities of which it told the log; again from the start when somebody came between."""
    whose = Whose(
        holders=[life.one.holder for life in lives],
        dids=[life.one.software.did for life in lives],
        credentials=[row.id for life in lives for row in life.credentials],
        consents=[life.consent for life in lives if life.consent is not None],
    )
    for _ in range(TRIES):
        stage = await doors.stage(whose)
        told: list[str] = []
        for life in lives:
            told += await step(stage, life)
            await asyncio.sleep(0)  # these act without waiting: whoever writes now goes on
        try:
            await stage.write()
        except Overtaken:
            continue
        return told
    raise Busy("the rows of these people are changed all the time")


async def _consented(stage: Stage, life: Life) -> list[str]:
    """The verifier knows its customer; she consents to what it may ask her for."""
    one, verifier, wallet = life.one, stage.verifier, stage.wallet

    async def bound(session: Session) -> dict[str, str]:
        row = await bind_customer(
            verifier,
            VERIFIER,
            customer_no=one.customer_no,
            did=one.software.did,
            session=session,
        )
        return {"id": row.id}

    binding = await _once(verifier, bound)
    await agree(wallet, one, AgreementStage.USE)
    until = datetime.now(UTC) + YEAR
    asked = Wanted(
        granted_to=VERIFIER,
        purpose=PURPOSE,
        claims=list(TAGS),
        total_at_least=THRESHOLD,
        credentials=[],
        monitoring_until=until,
        valid_until=until,
    )
    wish = await prepare_consent(wallet, one.viewer, asked)
    signed = one.software.sign(wish.to_sign)
    life.consent = await grant_consent(
        wallet, one.viewer, wish.id, as_input(signed), client_id=None
    )
    row = await wallet.store.consent(life.consent, one.holder)
    if row is not None:
        life.grant = Grant(document=row.document, face_assertion=signed.face_assertion)
    return [binding, life.consent]


async def _shown(stage: Stage, life: Life) -> list[str]:
    """She shows bounds that add up to what is asked for; who qualifies is let in."""
    verifier, one = stage.verifier, life.one

    async def asked(session: Session) -> dict[str, str]:
        row = await ask.create_request(
            verifier,
            VERIFIER,
            customer_no=one.customer_no,
            rules=RULE_SET,
            purpose=PURPOSE,
            claims=None,
            session=session,
        )
        return {"id": row.id}

    rows = await verifier.store.requests.find([await _once(verifier, asked)])
    (request,) = rows.values()
    presentation = one.software.present(
        bounds(life.held),
        grant=life.grant,
        receipt=life.receipt,
        nonce=request.nonce,
        audience=Did(request.audience),
    )

    async def handed_in(session: Session) -> dict[str, str]:
        row = await submit.submit(
            verifier,
            one.holder,
            request_id=request.id,
            value=presentation,
            mode=None,
            session=session,
        )
        return {"id": row.id}

    shown = await _once(verifier, handed_in)
    return [shown, *await _decided(verifier, shown)]


async def _decided(verifier: Verifier, presentation: str) -> list[str]:
    """The five checks, and the permission where they end well."""
    done: list[Qualification] = []

    async def checked(session: Session) -> dict[str, str]:
        made = await verify.verify(
            verifier, VERIFIER, presentation_id=presentation, session=session, ahead=False
        )
        found = made.decision.qualification
        done[:] = [] if found is None else [found]
        return made.done

    told = [await _once(verifier, checked)]
    able = [one.id for one in done if one.outcome == Outcome.QUALIFIED]
    return [*told, *[await _granted(verifier, one) for one in able]]


async def _granted(verifier: Verifier, qualification: str) -> str:
    async def work(session: Session) -> dict[str, str]:
        row = await grant.grant(
            verifier, VERIFIER, qualification_id=qualification, product=PRODUCT, session=session
        )
        return {"id": row.id}

    return await _once(verifier, work)


async def _endorsed(stage: Stage, life: Life, *, effect: str) -> list[str]:
    """The issuer of her first proof says what has changed."""
    first = life.credentials[0]
    told = await endorse(
        stage.issuer,
        desk_of(first.issuer),
        credential=first.id,
        effect=effect,
        reason_code=REASON,
        new_total_band=None,
        client_id=None,
    )
    return [told, first.id]


async def _renewed(stage: Stage, life: Life) -> list[str]:
    """Another proof of the same account takes the place of the first."""
    first, one = life.credentials[0], life.one
    account = next(own for own in one.accounts if one.town.number(own) == first.account_no)
    return [await certify(stage.issuer, one, account), first.id]


async def _withdrawn(stage: Stage, life: Life) -> list[str]:
    wallet, one = stage.wallet, life.one
    wish = await prepare_withdrawal(wallet, one.viewer, str(life.consent))
    signature = as_input(one.software.sign(wish.to_sign))
    return [await withdraw_consent(wallet, one.viewer, wish.id, signature, client_id=None)]


async def _cancelled(stage: Stage, life: Life) -> list[str]:
    one, first = life.one, life.credentials[0].id
    signature = as_input(one.software.cancel(first))
    await cancel.cancel_credential(stage.wallet, one.viewer, first, signature, client_id=None)
    return [first]


def bounds(held: Sequence[HeldCredential]) -> list[Shown]:
    """Of each in its turn so much that it adds up to what is asked for, or all there is; who has
    less than one step shows what she has without a bound."""
    places = {CredentialUri(f"{place:02}"): one for place, one in enumerate(held)}
    there = {place: steps_of(one.statement.total) for place, one in places.items()}
    amount = Fen(min(parse_amount(THRESHOLD), UNIT * sum(there.values())))
    steps = evenly(amount, there)
    return [
        show(one, claims=TAGS, steps=steps.get(place))
        for place, one in places.items()
        if place in steps or not steps
    ]


async def _once(verifier: Verifier, work: Callable[[Session], Awaitable[dict[str, str]]]) -> str:
    """As the mutation runs it, which nobody repeats."""
    call = Call.of(_DESK, "loaded", None, [])
    return str((await verifier.idempotent.once(call, work))["id"])


Step = Callable[[Stage, Life], Awaitable[list[str]]]
STEPS: Final[Mapping[str, Step]] = MappingProxyType(
    {
        **{
            f"ENDORSED_{effect}": partial(_endorsed, effect=effect)
            for effect in ("REDUCED", "RESTORED", "SUSPEND", "REVOKE")
        },
        "SUPERSEDED": _renewed,
        "CONSENT_WITHDRAWN": _withdrawn,
        "CREDENTIAL_CANCELLED": _cancelled,
    }
)
"""By the kind of a script's step; each answers the entities of which it told the log."""
