"""The credential body: complete for its holder, mute for everybody else."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from subgraphs.vc import lower_bound, model, proofs
from subgraphs.vc.asset_proof import AssetCategory, AssetLine
from subgraphs.vc.disclosure import ClaimPath, Concealed, conceal, reveal
from subgraphs.vc.encoding import to_base64url
from subgraphs.vc.errors import MalformedDocument, UnknownCategory, VcError
from subgraphs.vc.lower_bound import Steps
from subgraphs.vc.money import Fen
from subgraphs.vc.strict_json import JsonObject, canonical
from tests.kit.credentials import World


def built(world: World) -> Concealed:
    statement = world.statement(world.anna)
    return model.build(statement, seed=world.chance(32), salts=world.chance.salt)


def all_of(hidden: Concealed) -> tuple[str, ...]:
    return tuple(item.encoded for item in hidden.disclosures)


def test_the_holder_reads_the_whole_statement_back() -> None:
    world = World()
    hidden = built(world)
    assert model.read_whole(hidden.document, all_of(hidden)) == world.statement(world.anna)


def test_in_clear_stands_no_amount_no_category_and_no_number_of_lines() -> None:
    world = World()
    hidden = built(world)
    text = canonical(hidden.document).decode()
    secrets = ("1200000.00", "3200000.00", "BANK_DEPOSIT", "SSE", "2015", "seed", "inTransit")
    assert not [secret for secret in secrets if secret in text]
    few = replace(world.statement(world.anna), lines=(), trading_experience=None)
    empty = model.build(few, seed=world.chance(32), salts=world.chance.salt)
    assert shape(empty.document) == shape(hidden.document)


def shape(document: JsonObject) -> object:
    """The document with every text replaced, so that only its form is left."""
    return json.loads(json.dumps(document), object_hook=lambda members: sorted(members.items()))[0][
        0
    ], len(canonical(document))


def test_the_hash_names_the_body_whoever_signs_it() -> None:
    world = World()
    hidden = built(world)
    offered, _ = world.offer(world.statement(world.anna))
    assert model.vc_hash(offered) == model.vc_hash(proofs.unsecured(offered))
    assert model.vc_hash(offered) != model.vc_hash(hidden.document)
    assert model.vc_hash(world.signed(offered, world.anna)) == model.vc_hash(offered)


def test_a_part_shown_reads_as_a_part() -> None:
    world = World()
    hidden = built(world)
    by_path = {item.path: item.encoded for item in hidden.disclosures}
    shown = (by_path[model.TOTAL], by_path[_path("/credentialSubject/assetLines/1")])
    claims = model.read_claims(hidden.document, shown)
    assert claims.total == 320_000_000
    assert [(line.category, line.amount) for line in claims.lines] == [(AssetCategory.STOCK, None)]
    assert (claims.in_transit, claims.trading_experience, claims.seed) == (None, None, None)


def _path(text: str) -> ClaimPath:
    return ClaimPath(text)


def changed(world: World, change: JsonObject) -> Concealed:
    """An issuer's body that contradicts itself."""
    hidden = built(world)
    whole = reveal(hidden.document, all_of(hidden)).document
    subject = whole["credentialSubject"]
    assert isinstance(subject, dict)
    paths = [model.TOTAL, model.IN_TRANSIT, model.SEED, model.LINES, model.LINE_AMOUNT]
    body: JsonObject = {**whole, "credentialSubject": {**subject, **change}}
    return conceal(body, paths, salts=world.chance.salt)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"total": "3200000.01"}, id="a total beyond its lines"),
        pytest.param({"total": "３２"}, id="full-width digits"),
        pytest.param({"inTransit": "-1"}, id="an amount below zero"),
        pytest.param({"assetLines": [{"category": "STOCK", "amount": "3e6"}]}, id="an exponent"),
        pytest.param({"assetLines": [{"category": "GOLD", "amount": "1.00"}]}, id="a category"),
        pytest.param(
            {"assetLines": [{"category": "STOCK", "amount": "1600000.00"}] * 2},
            id="one category twice",
        ),
        pytest.param({"asOf": "2026-11-31"}, id="a closing that never was"),
        pytest.param({"currency": "USD"}, id="another currency"),
    ],
)
def test_a_statement_that_contradicts_itself_is_refused(change: JsonObject) -> None:
    world = World()
    hidden = changed(world, change)
    with pytest.raises(VcError):
        model.read_whole(hidden.document, all_of(hidden))


def test_a_bound_beyond_the_total_is_refused_by_the_holder() -> None:
    world = World()
    hidden = built(world)
    whole = reveal(hidden.document, all_of(hidden)).document
    subject = whole["credentialSubject"]
    assert isinstance(subject, dict)
    chain = subject["lowerBound"]
    assert isinstance(chain, dict)
    longer = lower_bound.commit(bytes(32), Steps(400))
    bound: JsonObject = {**chain, "commitment": to_base64url(longer)}
    other = changed(world, {"lowerBound": bound})
    with pytest.raises(MalformedDocument) as refusal:
        model.read_whole(other.document, all_of(other))
    assert refusal.value.place == model.TOTAL


def test_a_withheld_disclosure_is_noticed() -> None:
    world = World()
    hidden = built(world)
    for left_out in range(len(hidden.disclosures)):
        shown = [item.encoded for n, item in enumerate(hidden.disclosures) if n != left_out]
        if hidden.disclosures[left_out].path != model.EXPERIENCE:
            with pytest.raises(VcError):
                model.read_whole(hidden.document, tuple(shown))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": ["VerifiableCredential"]}, id="another type"),
        pytest.param({"@context": ["https://www.w3.org/ns/credentials/v2"]}, id="another context"),
        pytest.param({"id": "https://elsewhere.example/1"}, id="an id of somebody else"),
        pytest.param({"issuer": {"id": "did:credgraph:x"}}, id="an issuer that is an object"),
        pytest.param({"issuer": "javascript:alert(1)"}, id="an issuer that is no DID"),
        pytest.param({"validUntil": "2026-11-22"}, id="a date for a time"),
        pytest.param({"credentialSchema": {"id": "x", "type": "JsonSchema"}}, id="a schema"),
        pytest.param({"credentialSubject": []}, id="several subjects"),
    ],
)
def test_a_body_of_another_kind_is_refused(change: JsonObject) -> None:
    hidden = built(World())
    with pytest.raises(VcError):
        model.read_head({**hidden.document, **change})


def test_a_statement_has_each_category_once_and_ends_after_it_begins() -> None:
    world = World()
    statement = world.statement(world.anna)
    line = AssetLine(category=AssetCategory.BOND, amount=Fen(1))
    with pytest.raises(MalformedDocument):
        replace(statement, lines=(line, line))
    with pytest.raises(MalformedDocument):
        replace(statement, lines=(replace(line, amount=Fen(-1)),))
    with pytest.raises(MalformedDocument):
        replace(statement, valid_until=statement.valid_from - timedelta(seconds=1))


def test_an_unknown_category_names_its_place() -> None:
    world = World()
    hidden = changed(world, {"assetLines": [{"category": "GOLD", "amount": "1.00"}]})
    with pytest.raises(UnknownCategory) as refusal:
        model.read_claims(hidden.document, all_of(hidden))
    assert refusal.value.place == "/credentialSubject/assetLines/0/category"
