"""Who sees what, cell by cell (domain.md §4.2)."""

from dataclasses import dataclass

import pytest

from subgraphs.issuer import policy
from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer

ANN, BOB = HolderId("hold_ann"), HolderId("hold_bob")
OWN, OTHER = InstitutionId("inst_own"), InstitutionId("inst_other")


@dataclass(frozen=True)
class Row:
    issuer: InstitutionId = OWN
    holder: HolderId = ANN


@pytest.mark.parametrize(
    ("viewer", "sees", "content", "disclosures", "works"),
    [
        pytest.param(Viewer(role=Role.HOLDER, holder=ANN), 1, 1, 1, 0, id="its holder"),
        pytest.param(Viewer(role=Role.HOLDER, holder=BOB), 0, 0, 0, 0, id="another holder"),
        pytest.param(Viewer(role=Role.HOLDER), 0, 0, 0, 0, id="a holder of no name"),
        pytest.param(Viewer(role=Role.ISSUER, institution=OWN), 1, 1, 0, 1, id="its issuer"),
        pytest.param(Viewer(role=Role.ISSUER, institution=OTHER), 0, 0, 0, 0, id="another issuer"),
        pytest.param(Viewer(role=Role.VERIFIER, institution=OWN), 0, 0, 0, 0, id="a verifier"),
        pytest.param(Viewer(role=Role.REGULATOR), 1, 0, 0, 0, id="the regulator"),
        pytest.param(Viewer(role=Role.ANALYST), 0, 0, 0, 0, id="an analyst"),
        pytest.param(ANONYMOUS, 0, 0, 0, 0, id="nobody"),
    ],
)
def test_who_sees_a_credential(
    viewer: Viewer, sees: int, content: int, disclosures: int, works: int
) -> None:
    row = Row()

    assert policy.sees(viewer, row) == bool(sees)
    assert policy.sees_content(viewer, row) == bool(content)
    assert policy.sees_disclosures(viewer, row) == bool(disclosures)
    assert policy.works_on(viewer, row) == bool(works)


@pytest.mark.parametrize(
    ("viewer", "want"),
    [
        pytest.param(Viewer(role=Role.HOLDER, holder=ANN), {"holder": ANN}, id="herself"),
        pytest.param(Viewer(role=Role.HOLDER, holder=BOB), None, id="another holder"),
        pytest.param(
            Viewer(role=Role.ISSUER, institution=OWN),
            {"holder": ANN, "issuer": OWN},
            id="an issuer, its own only",
        ),
        pytest.param(Viewer(role=Role.REGULATOR), {"holder": ANN}, id="the regulator"),
        pytest.param(Viewer(role=Role.VERIFIER, institution=OWN), None, id="a verifier"),
        pytest.param(ANONYMOUS, None, id="nobody"),
    ],
)
def test_which_of_a_holders_credentials_are_listed(
    viewer: Viewer, want: dict[str, str] | None
) -> None:
    assert policy.credentials_of(viewer, ANN) == want
