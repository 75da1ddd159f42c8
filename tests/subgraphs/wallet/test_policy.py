"""Who may see what of a wallet: each row a cell of the visibility table."""

import pytest

from subgraphs.kit.ids import HolderId, InstitutionId
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from subgraphs.wallet import policy

ANN, BEN = HolderId("hold_ann"), HolderId("hold_ben")
OURS, THEIRS = InstitutionId("inst_ours"), InstitutionId("inst_theirs")


def viewer(role: Role, **named: str) -> Viewer:
    return Viewer(role=role, subject="somebody", **named)  # type: ignore[arg-type]


SELF = viewer(Role.HOLDER, holder=ANN)
OTHER = viewer(Role.HOLDER, holder=BEN)
VERIFIER = viewer(Role.VERIFIER, institution=OURS)
STRANGER = viewer(Role.VERIFIER, institution=THEIRS)
ISSUER = viewer(Role.ISSUER, institution=OURS)
REGULATOR = viewer(Role.REGULATOR)
ANALYST = viewer(Role.ANALYST)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        pytest.param(SELF, "did bound-did wallet consent artefact", id="the holder herself"),
        pytest.param(OTHER, "", id="another holder"),
        pytest.param(VERIFIER, "bound-did consent artefact", id="the verifier it is for"),
        pytest.param(STRANGER, "bound-did", id="another verifier"),
        pytest.param(ISSUER, "bound-did", id="an issuer"),
        pytest.param(REGULATOR, "did bound-did consent", id="the regulator"),
        pytest.param(ANALYST, "", id="an analyst"),
        pytest.param(ANONYMOUS, "", id="nobody"),
    ],
)
def test_visibility(who: Viewer, seen: str) -> None:
    found = {
        "did": policy.may_see_did(who, ANN, bound=False),
        "bound-did": policy.may_see_did(who, ANN, bound=True),
        "wallet": policy.is_her(who, ANN),
        "consent": policy.may_see_consent(who, holder=ANN, granted_to=OURS),
        "artefact": policy.may_see_artefact(who, holder=ANN, granted_to=OURS),
    }
    assert {name for name, may in found.items() if may} == set(seen.split())


def test_whose_consents_on_a_credential_can_be_listed() -> None:
    assert policy.consents_scope(SELF, ANN) == {"holder": ANN}
    assert policy.consents_scope(VERIFIER, ANN) == {"holder": ANN, "granted_to": OURS}
    for owner in (None, BEN):
        assert policy.consents_scope(SELF, owner) == {"holder": policy.NOBODY}
    for who in (ISSUER, REGULATOR, ANALYST, ANONYMOUS, viewer(Role.HOLDER)):
        assert policy.consents_scope(who, ANN) is None
