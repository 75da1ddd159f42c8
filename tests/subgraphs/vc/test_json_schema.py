"""The published schema is the code's, and says of a body what the code's own reader says."""

from pathlib import Path
from typing import Any

import pytest

from subgraphs.vc import json_schema, model
from subgraphs.vc.asset_proof import (
    ASSET_PROOF_1,
    ASSET_PROOF_2,
    SCHEMAS,
    AssetCategory,
    SchemaVersion,
)
from subgraphs.vc.disclosure import reveal
from subgraphs.vc.errors import VcError
from subgraphs.vc.proofs import unsecured
from subgraphs.vc.strict_json import JsonObject, JsonValue
from tests.kit.credentials import GUARD, World

FOLDER = Path(__file__).parents[3] / "docs" / "schemas"
each_version = pytest.mark.parametrize("version", SCHEMAS.values(), ids=lambda one: one.uri)


def file_of(version: SchemaVersion) -> str:
    return (FOLDER / f"{version.name}-{version.version}.json").read_text("utf-8")


@each_version
def test_the_published_file_is_what_the_code_says(version: SchemaVersion) -> None:
    assert file_of(version) == json_schema.text(version), "write it anew"


@each_version
def test_it_knows_the_nine_categories_by_its_version(version: SchemaVersion) -> None:
    text = file_of(version)
    assert version.uri in text
    assert len(AssetCategory) == 9
    assert all(f'"{category.value}"' in text for category in AssetCategory)


@pytest.fixture(scope="module")
def validator() -> Any:
    jsonschema = pytest.importorskip("jsonschema", reason="pip install jsonschema")
    return jsonschema.Draft202012Validator(json_schema.json_schema(ASSET_PROOF_1))


def body() -> tuple[JsonObject, tuple[str, ...]]:
    world = World()
    statement = world.statement(world.anna)
    concealed = model.build(statement, seed=world.chance(32), salts=world.chance.salt)
    return concealed.document, tuple(item.encoded for item in concealed.disclosures)


def test_bodies_withheld_and_shown_are_valid(validator: Any) -> None:
    world = World()
    document, encoded = body()
    for each in (document, world.credential(world.anna).document):
        assert list(validator.iter_errors(each)) == []
    shown = reveal(document, encoded).document
    assert list(validator.iter_errors(shown)) == []


def test_bodies_with_tags_are_valid_by_the_second_version_and_no_other(validator: Any) -> None:
    second = type(validator)(json_schema.json_schema(ASSET_PROOF_2))
    held = World().credential(World().anna, guard=GUARD)
    shown = reveal(unsecured(held.document), held.disclosures).document
    for each in (held.document, shown):
        assert list(second.iter_errors(each)) == []
        assert not validator.is_valid(each)
    bare = World().credential(World().anna)
    assert not second.is_valid(bare.document)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"type": ["VerifiableCredential"]}, id="another type"),
        pytest.param({"@context": ["https://www.w3.org/ns/credentials/v2"]}, id="other context"),
        pytest.param({"id": "urn:uuid:1"}, id="another id"),
        pytest.param({"issuer": "us"}, id="no DID"),
        pytest.param({"validUntil": "tomorrow"}, id="no time"),
        pytest.param({"credentialSchema": {"id": "x", "type": "JsonSchema"}}, id="other schema"),
        pytest.param({"credentialStatus": [{"type": "None"}]}, id="no status"),
    ],
)
def test_schema_and_reader_refuse_the_same(validator: Any, change: dict[str, JsonValue]) -> None:
    document: JsonObject = {**body()[0], **change}
    assert not validator.is_valid(document)
    with pytest.raises(VcError):
        model.read_head(document)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("total", "12.5", id="half a fen short"),
        pytest.param("total", 12, id="a number"),
        pytest.param("inTransit", "-1.00", id="below zero"),
        pytest.param("assetLines", [{"category": "GOLD", "amount": "1.00"}], id="a tenth kind"),
        pytest.param("tradingExperience", {"markets": []}, id="no first trade"),
        pytest.param("name", "Anna", id="a name"),
    ],
)
def test_claims_in_the_clear_are_held_to_the_schema(
    validator: Any, name: str, value: JsonValue
) -> None:
    document, encoded = body()
    shown = reveal(document, encoded).document
    subject = shown["credentialSubject"]
    assert isinstance(subject, dict)
    changed: JsonObject = {**shown, "credentialSubject": {**subject, name: value}}
    assert not validator.is_valid(changed)
