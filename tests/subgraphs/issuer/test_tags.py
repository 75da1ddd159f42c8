"""What a credential carries for the double-count guard, from the books to the holder's hands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from subgraphs.demo.pilot import HUAAN_FUND
from subgraphs.issuer.ports import Books, Close, Holding, Movement, Statement
from subgraphs.issuer.tagging import tagged
from subgraphs.kit.ids import InstitutionId, institution_id
from subgraphs.rules.double_count import judge
from subgraphs.rules.overlap import ShownProof, SignalKind, Verdict
from subgraphs.simulators.books import BROKER, FUND_MANAGER, FUTURES
from subgraphs.simulators.core_system import SimulatedCoreSystem
from subgraphs.vc import model
from subgraphs.vc.asset_proof import AssetCategory, AssetLine
from subgraphs.vc.guard import LARGE, MOST_FLOWS, MOST_POSITIONS, Direction
from subgraphs.vc.money import Fen, parse_amount
from subgraphs.vc.tags import TagKey, account_tag, flow_tag, position_tag, tag_key
from tests.subgraphs.issuer.desk import OWN, Desk
from tests.subgraphs.kit.world import Person

KEY = tag_key(b"the provider's secret", "did:example:ann")
HERE = institution_id(HUAAN_FUND.uscc)
ALL = frozenset(AssetCategory)
OFFER = """query($id: ID!) { node(id: $id) { ... on Credential {
  document disclosures schema { name version compatibleWith } } } }"""


def facts(books: Books, categories: frozenset[AssetCategory] = ALL) -> Any:
    return tagged(books, categories, key=KEY, issuer=HERE, account_no="1")


def holding(
    amount: int, product: str = "600000", category: AssetCategory = AssetCategory.STOCK
) -> Holding:
    return Holding(category=category, registrar_account="A1", product=product, amount=Fen(amount))


def movement(amount: int, reference: str = "T1", settled: date | None = None) -> Movement:
    return Movement(
        reference=reference,
        direction=Direction.OUT,
        amount=Fen(amount),
        settled=settled,
        institution="inst_elsewhere",
        account_no="9",
    )


def close(day: int, **amounts: int) -> Close:
    lines = tuple(
        AssetLine(category=AssetCategory(name), amount=Fen(amount))
        for name, amount in amounts.items()
    )
    return Close(day=date(2026, 11, day), lines=lines)


def test_both_ends_of_a_transfer_and_both_attestors_of_a_position_write_one_tag() -> None:
    found = facts(Books(holdings=(holding(5),), movements=(movement(LARGE),)))

    assert found.positions[0].tag == position_tag(KEY, registrar_account="A1", product="600000")
    assert found.flows[0].tag == flow_tag(KEY, "T1")
    assert found.flows[0].other_end == account_tag(KEY, institution="inst_elsewhere", account="9")
    assert found.account == account_tag(KEY, institution=HERE, account="1")


def test_a_transfer_one_fen_under_large_carries_no_tag() -> None:
    under, at = movement(LARGE - 1, "T1"), movement(LARGE, "T2")

    found = facts(Books(movements=(under, at)))

    assert [flow.tag for flow in found.flows] == [flow_tag(KEY, "T2")]


def test_a_position_sold_within_the_window_is_held_and_not_stated() -> None:
    books = Books(holdings=(holding(5), holding(0, "sold")), closes=(close(20, STOCK=5),))

    found = facts(books)

    sold = position_tag(KEY, registrar_account="A1", product="sold")
    assert sold not in {line.tag for line in found.positions}
    assert sold in found.seasoning.held


def test_only_the_categories_asked_for_are_told() -> None:
    books = Books(
        holdings=(holding(5), holding(7, "fund", AssetCategory.FUND_UNIT)),
        closes=(close(20, STOCK=5, FUND_UNIT=7), close(19, STOCK=4, FUND_UNIT=900)),
    )

    found = facts(books, frozenset({AssetCategory.STOCK}))

    assert [line.amount for line in found.positions] == [5]
    assert (found.seasoning.since, found.seasoning.least) == (date(2026, 11, 19), 4)


def test_more_than_a_credential_takes_leaves_the_smallest_out() -> None:
    books = Books(
        holdings=tuple(holding(one, f"P{one}") for one in range(1, MOST_POSITIONS + 3)),
        movements=tuple(movement(LARGE + one, f"T{one}") for one in range(MOST_FLOWS + 2)),
    )

    found = facts(books)

    assert min(line.amount for line in found.positions) == 3
    assert min(flow.amount for flow in found.flows) == LARGE + 2
    assert (len(found.positions), len(found.flows)) == (MOST_POSITIONS, MOST_FLOWS)


async def offered(desk: Desk, person: Person) -> tuple[dict[str, Any], model.ShownClaims]:
    credential = await desk.offer(person)
    answer = await desk.ask(OFFER, {"id": credential}, who=person.who)
    node: dict[str, Any] = answer.only("node")
    return node, model.read_claims(node["document"], tuple(node["disclosures"]))


async def test_an_offer_carries_tags_under_a_key_of_the_provider(desk: Desk) -> None:
    person = await desk.customer()

    node, claims = await offered(desk, person)

    assert node["schema"] == {"name": "asset-proof", "version": 2, "compatibleWith": [1]}
    key = await desk.parts.identity.tag_key(person.did, f"TEST-{person.name}")
    assert key is not None
    account = account_tag(key, institution=str(OWN.institution), account=f"SIM-RICH-{person.name}")
    assert claims.guard.account == account
    assert claims.guard.flows == ()
    assert sum(one.amount or 0 for one in claims.guard.positions or ()) == 234_000_000
    assert claims.guard.seasoning is not None
    assert claims.guard.seasoning.least == parse_amount("3200000.00")


async def test_the_provider_tells_the_key_to_who_knows_the_person_only(desk: Desk) -> None:
    person, friend = await desk.customer(), await desk.customer("bea")
    ask = desk.parts.identity.tag_key

    assert await ask(person.did, f"TEST-{friend.name}") is None
    assert await ask(person.did, f"TEST-{person.name}") != await ask(
        friend.did, f"TEST-{friend.name}"
    )


async def test_the_key_is_asked_for_once_and_kept_sealed(desk: Desk) -> None:
    person = await desk.customer()
    await desk.offer(person)
    held = await desk.parts.store.binding_of_holder(InstitutionId(str(OWN.institution)), person.id)
    assert held is not None
    assert held.tag_key is not None

    class Away:
        async def tag_key(self, did: str, document: str, /) -> TagKey | None:
            raise AssertionError("asked again")

    desk.use(identity=Away())
    await desk.offer(person)


class Lines:
    """A core system that tells lines and no books."""

    async def identity_document(self, institution: InstitutionId, account_no: str, /) -> str | None:
        return await SimulatedCoreSystem().identity_document(institution, account_no)

    async def statement(self, institution: InstitutionId, account_no: str, /) -> Statement | None:
        found = await SimulatedCoreSystem().statement(institution, account_no)
        return None if found is None else replace(found, books=None)


async def test_without_books_the_first_version_is_issued(desk: Desk) -> None:
    person = await desk.customer()
    desk.use(core_system=Lines())

    node, claims = await offered(desk, person)

    assert node["schema"]["version"] == 1
    assert not claims.guard.complete


STOPS = [BROKER, FUND_MANAGER, FUTURES]


async def proofs(profile: str, homes: list[InstitutionId]) -> list[ShownProof]:
    """What the credentials of one person would disclose, by the books of each institution."""
    shown = []
    for home in homes:
        account = f"SIM-{profile}-ann"
        found = await SimulatedCoreSystem().statement(home, account)
        assert found is not None
        assert found.books is not None
        tags = tagged(found.books, ALL, key=KEY, issuer=home, account_no=account)
        shown.append(
            ShownProof(
                credential=f"cred at {home}",
                issuer=home,
                as_of=found.as_of,
                amount=Fen(sum(line.amount for line in found.lines)),
                account=tags.account,
                lines=tags.positions,
                flows=tags.flows,
                seasoning=tags.seasoning,
            )
        )
    return shown


@pytest.mark.parametrize(
    ("profile", "homes", "verdict", "proven", "kinds"),
    [
        pytest.param("THREE", STOPS, Verdict.CLEAR, "3150000.00", set(), id="three honest proofs"),
        pytest.param(
            "TRIP",
            STOPS,
            Verdict.DOUBLE_COUNT,
            "1300000.00",
            {SignalKind.FLOW_TAG, SignalKind.SEASONING, SignalKind.ASOF_SKEW},
            id="one sum on its way",
        ),
        pytest.param(
            "TWICE",
            [BROKER, FUND_MANAGER],
            Verdict.DOUBLE_COUNT,
            "1600000.00",
            {SignalKind.POSITION_TAG},
            id="one position attested twice",
        ),
    ],
)
async def test_the_guard_reads_the_simulated_books(
    profile: str, homes: list[InstitutionId], verdict: Verdict, proven: str, kinds: set[SignalKind]
) -> None:
    found = judge(await proofs(profile, homes), needed=parse_amount("3000000.00"))

    assert (found.verdict, found.proven) == (verdict, parse_amount(proven))
    assert {signal.kind for signal in found.signals} == kinds
