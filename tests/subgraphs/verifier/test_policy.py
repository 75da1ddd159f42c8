"""Who may see what: each cell of the isolation table."""

import pytest

from subgraphs.kit.ids import HolderId, InstitutionId, institution_id, new_id
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from subgraphs.verifier.policy import may_list_use, may_see, may_see_content, may_see_listener

HOLDER, OTHER_HOLDER = HolderId(new_id("hold")), HolderId(new_id("hold"))
VERIFIER, OTHER = institution_id("91310000577433812A"), institution_id("91310000100020711J")


def holder(who: HolderId) -> Viewer:
    return Viewer(role=Role.HOLDER, holder=who)


def institution(role: Role, which: InstitutionId) -> Viewer:
    return Viewer(role=role, institution=which)


@pytest.mark.parametrize(
    ("viewer", "row", "content", "use", "listener"),
    [
        pytest.param(holder(HOLDER), True, True, True, False, id="the holder"),
        pytest.param(holder(OTHER_HOLDER), False, False, True, False, id="another holder"),
        pytest.param(
            institution(Role.VERIFIER, VERIFIER),
            True,
            True,
            True,
            True,
            id="the addressed verifier",
        ),
        pytest.param(
            institution(Role.VERIFIER, OTHER), False, False, True, False, id="another verifier"
        ),
        pytest.param(institution(Role.ISSUER, OTHER), False, False, False, False, id="the issuer"),
        pytest.param(
            institution(Role.ISSUER, VERIFIER),
            False,
            False,
            False,
            False,
            id="the verifier's own house in its issuer role",
        ),
        pytest.param(Viewer(role=Role.REGULATOR), True, False, True, True, id="the regulator"),
        pytest.param(Viewer(role=Role.ANALYST), False, False, False, False, id="an analyst"),
        pytest.param(ANONYMOUS, False, False, False, False, id="nobody known"),
    ],
)
def test_isolation(viewer: Viewer, row: bool, content: bool, use: bool, listener: bool) -> None:
    assert may_see(viewer, verifier=VERIFIER, holder=HOLDER) is row
    assert may_see_content(viewer, verifier=VERIFIER, holder=HOLDER) is content
    assert may_list_use(viewer) is use
    assert may_see_listener(viewer, VERIFIER) is listener
