"""What a credential states for the double-count guard: whole or not at all, and consistent."""

from dataclasses import replace
from datetime import date

import pytest

from subgraphs.holder.choose import HeldCredential, show
from subgraphs.holder.errors import NotEnough
from subgraphs.vc import guard, model
from subgraphs.vc.asset_proof import ASSET_PROOF_1, ASSET_PROOF_2
from subgraphs.vc.disclosure import conceal, read_disclosures, reveal
from subgraphs.vc.errors import MalformedDocument, VcError
from subgraphs.vc.examination import Examination, Reason, Terms
from subgraphs.vc.examine import examine
from subgraphs.vc.guard import GuardFacts, Seasoning, TaggedLine
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.presentation import Shown, read_presentation
from subgraphs.vc.proofs import unsecured
from subgraphs.vc.strict_json import JsonObject, JsonValue, canonical
from tests.kit.credentials import BOND_TAG, GUARD, STOCK_TAG, VERIFIER, World

BOUND = Steps(300)
SEASONED = Steps(200)


def held(world: World, facts: GuardFacts = GUARD) -> HeldCredential:
    return world.credential(world.anna, guard=facts)


def shown_of(one: HeldCredential, *claims: str) -> guard.ShownGuard:
    part = show(one, claims=claims)
    return model.read_claims(one.document, part.disclosures).guard


def test_the_holder_reads_back_what_the_books_said() -> None:
    statement = held(World()).statement

    assert statement.guard == GUARD
    assert statement.schema is ASSET_PROOF_2
    assert statement.schema.compatible_with == (ASSET_PROOF_1.version,)


def test_nothing_of_it_stands_in_the_clear() -> None:
    text = canonical(held(World()).document).decode()

    for secret in (GUARD.account, STOCK_TAG, BOND_TAG, GUARD.flows[0].tag, "2026-10-26", "900000"):
        assert secret not in text


def test_a_credential_without_flows_looks_like_one_with_many() -> None:
    bare = GuardFacts(account=GUARD.account)

    with_all, with_none = held(World()).document, held(World(), bare).document

    assert _digests(with_all) == _digests(with_none)


def _digests(document: JsonObject) -> int:
    subject = document["credentialSubject"]
    assert isinstance(subject, dict)
    listed = subject["_sd"]
    assert isinstance(listed, list)
    return len(listed)


def test_tags_are_shown_without_an_amount() -> None:
    found = shown_of(held(World()), *guard.WITHOUT_AMOUNTS)

    assert found.complete
    assert found.positions == (guard.ShownPosition(tag=STOCK_TAG, amount=None),)
    assert [flow.amount for flow in found.flows or ()] == [None, None]
    assert [flow.settled for flow in found.flows or ()] == [date(2026, 11, 12), None]
    assert found.seasoning is not None
    assert (found.seasoning.held, found.seasoning.least) == ((STOCK_TAG, BOND_TAG), None)


def test_amounts_open_with_them() -> None:
    found = shown_of(held(World()), *guard.WITH_AMOUNTS)

    assert [line.amount for line in found.positions or ()] == [150_000_050]
    assert [flow.amount for flow in found.flows or ()] == [90_000_000, 5_000_000]
    assert found.seasoning is not None
    assert found.seasoning.least == 230_000_000


def test_an_empty_list_is_shown_and_differs_from_a_withheld_one() -> None:
    one = held(World(), GuardFacts(account=GUARD.account))

    assert shown_of(one, guard.FLOWS).flows == ()
    assert shown_of(one, guard.POSITIONS).flows is None
    assert not shown_of(one, guard.POSITIONS).complete


def test_no_entry_of_a_list_has_a_disclosure_of_its_own() -> None:
    """So a holder can not show her transfers but the one that tells."""
    one = held(World())
    paths = model.concealed_paths(read_disclosures(one.document, one.disclosures))

    assert {guard.POSITIONS, guard.FLOWS, guard.SEASONING} <= paths
    assert not {path for path in paths if path.endswith(("positions/*", "flows/*", "held/*"))}


def test_an_older_credential_shows_no_tags_and_reads_as_before() -> None:
    old = World().credential(World().anna)

    assert model.read_claims(old.document, old.disclosures).guard == guard.ShownGuard()
    assert old.statement.guard is None


def present(world: World, shown: Shown, *claims: str) -> Examination:
    consent = world.consent(world.anna, claims=claims or guard.WITHOUT_AMOUNTS)
    document = world.anna.present(
        [shown],
        grant=world.grant(world.anna, consent),
        receipt=world.receipt(world.anna),
        nonce="n",
        audience=VERIFIER,
    )
    asked = Terms(nonce="n", audience=VERIFIER, now=world.now, customer=world.anna.did)
    return examine(read_presentation(document), asked, world.register)


def test_a_bound_and_a_seasoned_bound_are_proved_and_show_no_balance() -> None:
    world = World()
    part = show(held(world), claims=guard.WITHOUT_AMOUNTS, steps=BOUND, seasoned=SEASONED)

    found = present(world, part)

    assert found.against() == ()
    (credential,) = found.credentials
    assert (credential.bound, credential.seasoned) == (BOUND, SEASONED)
    text = canonical(found.presentation.raw).decode()
    assert not any(amount in text for amount in ("3200000", "2300000", "900000.00", "1500000.50"))


@pytest.mark.parametrize(
    ("steps", "claims"),
    [
        pytest.param(Steps(201), guard.WITHOUT_AMOUNTS, id="more than the link proves"),
        pytest.param(SEASONED, (guard.FLOWS,), id="the seasoning withheld"),
    ],
)
def test_a_seasoned_bound_that_does_not_hold(steps: Steps, claims: tuple[str, ...]) -> None:
    world = World()
    part = show(held(world), claims=claims, seasoned=SEASONED)
    assert part.seasoned is not None

    found = present(world, replace(part, seasoned=replace(part.seasoned, steps=steps)))

    assert {finding.reason for finding in found.against()} == {Reason.LOWER_BOUND_INVALID}


def test_the_chain_of_the_total_does_not_pass_for_the_seasoned_one() -> None:
    world = World()
    part = show(held(world), claims=guard.WITHOUT_AMOUNTS, steps=BOUND)

    found = present(world, replace(part, seasoned=part.bound))

    assert [finding.topic for finding in found.against()] == ["seasoned-bound"]


def test_tags_outside_the_consent_are_noticed() -> None:
    world = World()

    found = present(world, show(held(world), claims=guard.WITHOUT_AMOUNTS), guard.FLOWS)

    assert {finding.reason for finding in found.against()} == {Reason.SCOPE_EXCEEDED}


def test_more_than_was_always_there_is_not_to_be_proved() -> None:
    one = held(World())

    with pytest.raises(VcError):
        show(one, claims=guard.WITHOUT_AMOUNTS, seasoned=Steps(231))
    with pytest.raises(NotEnough):
        show(World().credential(World().anna), seasoned=Steps(1))


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(
            replace(GUARD, positions=(TaggedLine(tag=STOCK_TAG, amount=Fen(320_000_001)),)),
            id="positions beyond the total",
        ),
        pytest.param(
            replace(
                GUARD,
                seasoning=Seasoning(since=date(2026, 11, 2), least=parse_amount("3200000.01")),
            ),
            id="more always there than there is",
        ),
    ],
)
def test_a_holder_countersigns_no_tags_that_contradict_the_total(facts: GuardFacts) -> None:
    world = World()
    document, disclosures = world.offer(world.statement(world.anna, guard=facts))

    with pytest.raises(MalformedDocument):
        model.read_whole(document, disclosures)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("account", "REG-1", id="an account number"),
        pytest.param("positions", [{"tag": STOCK_TAG.upper(), "amount": "1.00"}], id="capitals"),
        pytest.param("positions", [{"tag": STOCK_TAG, "amount": "1.00"}] * 2, id="twice"),
        pytest.param("positions", [{"tag": STOCK_TAG, "amount": "1.5"}], id="half a fen"),
        pytest.param("flows", [{"tag": STOCK_TAG, "direction": "ROUND"}], id="a direction"),
        pytest.param("flows", [{"tag": STOCK_TAG, "direction": "IN"}] * 33, id="too many"),
        pytest.param("seasoning", {"since": "2026-11-31", "held": []}, id="no date"),
        pytest.param("seasoning", {"since": "2026-11-02", "held": []}, id="no chain"),
    ],
)
def test_odd_tags_are_refused(name: str, value: JsonValue) -> None:
    world = World()
    one = held(world)
    whole = reveal(unsecured(one.document), one.disclosures).document
    subject = whole["credentialSubject"]
    assert isinstance(subject, dict)
    odd = conceal(
        {**whole, "credentialSubject": {**subject, name: value}},
        [f"/credentialSubject/{name}"],
        salts=world.chance.salt,
    )

    with pytest.raises(VcError):
        model.read_claims(odd.document, tuple(item.encoded for item in odd.disclosures))


def test_tags_and_schema_version_belong_together() -> None:
    world = World()
    with pytest.raises(MalformedDocument):
        replace(world.statement(world.anna), guard=GUARD)
    with pytest.raises(MalformedDocument):
        replace(world.statement(world.anna), schema=ASSET_PROOF_2)


def test_a_credential_of_one_version_under_the_context_of_another_is_refused() -> None:
    old, new = World().credential(World().anna).document, held(World()).document

    with pytest.raises(MalformedDocument):
        model.read_head({**new, "@context": old["@context"]})
