"""Each stored collection was decided upon: personal fields are sealed, and the page lists them."""

from pathlib import Path
from typing import Final

import pytest

from subgraphs.audit.store import INDEXES as AUDIT
from subgraphs.issuer.store import INDEXES as ISSUER
from subgraphs.kit.personal import PERSONAL, SHARED_WITHOUT, WITHOUT
from subgraphs.kit.settings import SERVICES, ServiceName
from subgraphs.simulators.identity import INDEXES as IDENTITY
from subgraphs.verifier.store import INDEXES as VERIFIER
from subgraphs.wallet.store import INDEXES as WALLET

PAGE: Final = Path("docs/security.md")
STORED: Final = {
    "issuer": set(ISSUER),
    "wallet": set(WALLET),
    "verifier": set(VERIFIER),
    "audit": set(AUDIT),
    "identity": set(IDENTITY),
}


@pytest.mark.parametrize("service", SERVICES)
def test_every_collection_was_decided_upon(service: ServiceName) -> None:
    decided = {*PERSONAL[service], *WITHOUT[service], *SHARED_WITHOUT, "prepared"}
    assert not STORED[service] - decided, (
        "say in subgraphs/kit/personal.py which fields of these are personal, or that none is"
    )
    assert not set(PERSONAL[service]) & WITHOUT[service]


@pytest.mark.parametrize("service", SERVICES)
def test_the_page_lists_each_personal_field(service: ServiceName) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for collection, declared in PERSONAL[service].items():
        (row,) = (
            line
            for line in page.splitlines()
            if line.startswith(f"- {service} ") and f"`{collection}`:" in line
        )
        for field in declared.fields:
            assert f"`{field}`" in row, f"{PAGE}: {service}.{collection}.{field} is missing"
