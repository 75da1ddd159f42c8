"""The contexts our documents name are published here, and have a term for each of their members."""

import json
from pathlib import Path
from typing import Final

import pytest

from subgraphs.vc import consent, presentation
from subgraphs.vc.asset_proof import ASSET_PROOF_1, ASSET_PROOF_2
from subgraphs.vc.disclosure import reveal
from subgraphs.vc.proofs import unsecured
from subgraphs.vc.strict_json import JsonObject, JsonValue
from tests.kit.credentials import GUARD, ISSUER, World

FOLDER: Final = Path(__file__).parents[3] / "docs" / "contexts"
W3C: Final = {
    *("@context", "id", "type", "issuer", "holder", "validFrom", "validUntil"),
    *("credentialSubject", "credentialSchema", "credentialStatus", "proof"),
    "verifiableCredential",
}  # terms of the W3C context, version 2
AS_JSON: Final = "@json"


def terms(address: str) -> dict[str, object]:
    name = address.removeprefix("https://credgraph.example/contexts/").replace("/", "-")
    found = json.loads((FOLDER / f"{name}.jsonld").read_text("utf-8"))["@context"]
    assert isinstance(found, dict)
    return found


def members(value: JsonValue, known: dict[str, object]) -> set[str]:
    """All names, but not below a member that is JSON as it stands."""
    found: set[str] = set()
    if isinstance(value, dict):
        for name, item in value.items():
            found.add(name)
            term = known.get(name)
            if not isinstance(term, dict) or term.get("@type") != AS_JSON:
                found |= members(item, known)
    elif isinstance(value, list):
        found = found.union(*(members(item, known) for item in value))
    return found


def documents() -> dict[str, JsonObject]:
    world = World()
    held = world.credential(world.anna)
    guarded = world.credential(world.anna, guard=GUARD)
    grant = world.grant(world.anna)
    presented = world.anna.present(
        [], grant=grant, receipt=world.receipt(world.anna), nonce="n", audience=ISSUER
    )
    return {
        "withheld": unsecured(held.document),
        "shown": reveal(unsecured(held.document), held.disclosures).document,
        "guarded": reveal(unsecured(guarded.document), guarded.disclosures).document,
        "presentation": unsecured(presented),
        "consent": unsecured(grant.document),
    }


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        pytest.param("withheld", ASSET_PROOF_1.context, id="credential"),
        pytest.param("shown", ASSET_PROOF_1.context, id="credential with all claims"),
        pytest.param("guarded", ASSET_PROOF_2.context, id="credential with tags"),
        pytest.param("presentation", presentation.CONTEXT[-1], id="presentation"),
        pytest.param("consent", consent.CONTEXT, id="consent"),
    ],
)
def test_each_member_has_its_term(kind: str, address: str) -> None:
    known = terms(address)
    assert members(documents()[kind], known) - known.keys() - W3C == set()
