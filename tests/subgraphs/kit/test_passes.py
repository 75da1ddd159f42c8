"""A pass opens for the one viewer it was made for, for some minutes, whole or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from ledger_adapter.crypto import sm4
from subgraphs.kit.cursor import CursorInvalid, CursorScope, CursorSealer
from subgraphs.kit.ids import CredentialId, HolderId, InstitutionId, derived_id
from subgraphs.kit.passes import GOOD_FOR, MOST, CasePass, CasePasses, PassExpired, PassInvalid
from subgraphs.kit.viewer import ANONYMOUS, Role, Viewer
from subgraphs.vc.encoding import from_base64url, to_base64url

KEY: Final = bytes(range(16))
MADE: Final = datetime(2026, 11, 22, 10, tzinfo=UTC)
EVE: Final = Viewer(role=Role.REGULATOR, subject="eve")
PERSON: Final = HolderId(derived_id("hold", "ann"))
ALL: Final = tuple(CredentialId(derived_id("cred", str(number))) for number in range(MOST))
GIVEN: Final = CasePass(case=PERSON, person=PERSON, credentials=ALL[:2])


def passes(at: datetime = MADE, key: bytes = KEY) -> CasePasses:
    return CasePasses(key, clock=lambda: at)


@pytest.mark.parametrize("count", [0, 1, MOST])
def test_it_says_what_was_sealed(count: int) -> None:
    given = replace(GIVEN, credentials=ALL[:count])
    assert passes().open(passes().seal(given, EVE), EVE) == given


def test_two_of_one_case_show_nothing_and_not_that_they_are_alike() -> None:
    first, second = passes().seal(GIVEN, EVE), passes().seal(GIVEN, EVE)
    assert first[:40] != second[:40]
    assert PERSON.encode() not in from_base64url(first)


def test_it_names_no_more_than_a_hundred() -> None:
    with pytest.raises(ValueError, match="at most 100"):
        passes().seal(replace(GIVEN, credentials=(*ALL, ALL[0])), EVE)


@pytest.mark.parametrize(
    "viewer",
    [
        pytest.param(replace(EVE, subject="bob"), id="another regulator"),
        pytest.param(replace(EVE, role=Role.ANALYST), id="herself in another role"),
        pytest.param(
            Viewer(role=Role.ISSUER, subject="eve", institution=InstitutionId("inst_1")),
            id="an issuer's desk",
        ),
        pytest.param(ANONYMOUS, id="nobody"),
    ],
)
def test_it_opens_for_nobody_else(viewer: Viewer) -> None:
    with pytest.raises(PassInvalid):
        passes().open(passes().seal(GIVEN, EVE), viewer)


def test_it_is_good_for_some_minutes() -> None:
    text = passes().seal(GIVEN, EVE)
    last = MADE + GOOD_FOR - timedelta(seconds=1)
    assert passes(last).open(text, EVE) == GIVEN
    with pytest.raises(PassExpired):
        passes(MADE + GOOD_FOR).open(text, EVE)


def test_one_flipped_bit_anywhere_is_refused() -> None:
    raw = from_base64url(passes().seal(replace(GIVEN, credentials=ALL[:1]), EVE))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(PassInvalid):
            passes().open(to_base64url(bytes(changed)), EVE)


def test_another_deployments_key_opens_nothing() -> None:
    with pytest.raises(PassInvalid):
        passes(key=bytes(16)).open(passes().seal(GIVEN, EVE), EVE)


def test_a_cursor_is_no_pass_and_a_pass_no_cursor() -> None:
    """They come from one key of the settings."""
    sealer = CursorSealer(KEY)
    parts = (int((MADE + GOOD_FOR).timestamp()), PERSON, PERSON, ALL[0])
    with pytest.raises(PassInvalid):
        passes().open(sealer.seal(parts, CursorScope(source="Case.pass")), EVE)
    with pytest.raises(CursorInvalid):
        sealer.open(passes().seal(GIVEN, EVE), CursorScope(source="Case.pass"))


@pytest.mark.parametrize("text", ["", "=", "A" * 39, "A" * 40, "A" * 5001, "…" * 50, "AQ==" * 20])
def test_other_text_is_no_pass(text: str) -> None:
    with pytest.raises(PassInvalid):
        passes().open(text, EVE)


LATER: Final = int((MADE + GOOD_FOR).timestamp())
ODD: Final[list[tuple[str, object]]] = [
    ("no list", {"case": PERSON}),
    ("too short", [LATER, PERSON, PERSON]),
    ("an expiry in words", ["never", PERSON, PERSON, []]),
    ("a case about nothing", [LATER, "case", PERSON, []]),
    ("a person who is none", [LATER, PERSON, ALL[0], []]),
    ("an operator", [LATER, PERSON, PERSON, [{"$ne": ""}]]),
    ("other ids", [LATER, PERSON, PERSON, [PERSON]]),
    ("too many", [LATER, PERSON, PERSON, [*ALL, ALL[0]]]),
]


@pytest.mark.parametrize("parts", [one for _, one in ODD], ids=[name for name, _ in ODD])
def test_what_is_sealed_is_looked_at_all_the_same(
    parts: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the key may have another version of the code."""
    seal: Callable[..., bytes] = sm4.seal
    odd = json.dumps(parts).encode()
    monkeypatch.setattr(sm4, "seal", lambda key, nonce, _, aad: seal(key, nonce, odd, aad))
    text = passes().seal(GIVEN, EVE)
    with pytest.raises(PassInvalid):
        passes().open(text, EVE)
