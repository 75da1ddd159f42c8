"""Addresses a caller may come from."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.access.addresses import AddressRule, check_address
from gateway.access.perimeter import Perimeter, PerimeterRules
from gateway.auth.viewer import Viewer
from gateway.config.parts import NetworkSourceSettings
from gateway.errors import AddressNotAllowed, BadAllowList
from gateway.server.granting import Granting
from gateway.server.perimeter import keep_perimeter, look, perimeter_of

BANKS = AddressRule.of(
    "institution", {"one": ["10.1.0.0/16", "2001:db8:1::/48"], "two": ["192.0.2.7/32"]}, listed=True
)
STAFF = AddressRule.of("role", {"STAFF": ["10.9.0.0/24"]}, listed=False)


@pytest.mark.parametrize(
    ("claims", "address", "allowed"),
    [
        pytest.param({}, "203.0.113.1", True, id="nobody comes from anywhere"),
        pytest.param({"role": "HOLDER"}, "203.0.113.1", True, id="a role without a rule"),
        pytest.param({"institution": "one"}, "10.1.2.3", True, id="within"),
        pytest.param({"institution": "one"}, "10.2.0.1", False, id="outside"),
        pytest.param({"institution": "one"}, "2001:db8:1:2::3", True, id="IPv6 within"),
        pytest.param({"institution": "one"}, "2001:db8:2::1", False, id="IPv6 outside"),
        pytest.param({"institution": "one"}, "::ffff:10.1.2.3", True, id="IPv4 as IPv6"),
        pytest.param({"institution": "one"}, "::ffff:10.2.0.1", False, id="IPv4 as IPv6, outside"),
        pytest.param({"institution": "two"}, "10.1.2.3", False, id="another's network"),
        pytest.param({"institution": "new"}, "10.1.2.3", False, id="an institution not listed"),
        pytest.param({"institution": ["one"]}, "10.1.2.3", False, id="a claim that is no text"),
        pytest.param({"institution": "one"}, "", False, id="no address"),
        pytest.param({"institution": "one"}, "10.1.2.3.4", False, id="no address at all"),
        pytest.param({"role": "STAFF"}, "10.9.0.8", True, id="staff from the bastion"),
        pytest.param({"role": "STAFF"}, "10.1.2.3", False, id="staff from elsewhere"),
        pytest.param(
            {"role": "STAFF", "institution": "one"}, "10.1.2.3", False, id="staff of a bank at it"
        ),
    ],
)
def test_who_comes_from_where(claims: dict[str, object], address: str, allowed: bool) -> None:
    if allowed:
        check_address((BANKS, STAFF), claims, address)
        return
    with pytest.raises(AddressNotAllowed):
        check_address((BANKS, STAFF), claims, address)


def test_what_is_no_network_is_refused_at_start() -> None:
    with pytest.raises(ValueError, match="host bits"):
        AddressRule.of("institution", {"one": ["10.0.0.1/8"]}, listed=True)


RULES = PerimeterRules(claim="institution", marked={"account": ("STAFF",)})
STAFF_OF_ONE = {"institution": "one", "account": "STAFF"}
LISTS: list[dict[str, object]] = [
    {
        "name": "one",
        "networks": [
            {"network": "10.1.0.0/16", "marked": False},
            {"network": "2001:db8:1::/48", "marked": True},
        ],
    },
    {"name": "two", "networks": []},
]


def told(document: object = LISTS, **rules: bool) -> Perimeter:
    perimeter = Perimeter(replace(RULES, admits_unlisted=rules.get("admits_unlisted", False)))
    perimeter.take(document)
    return perimeter


def admits(perimeter: Perimeter, claims: Mapping[str, object], address: str) -> bool:
    try:
        perimeter.check(claims, address)
    except AddressNotAllowed:
        return False
    return True


@pytest.mark.parametrize(
    ("claims", "address", "allowed"),
    [
        pytest.param({}, "203.0.113.1", True, id="nobody comes from anywhere"),
        pytest.param({"institution": "one"}, "10.1.2.3", True, id="within"),
        pytest.param({"institution": "one"}, "::ffff:10.1.2.3", True, id="IPv4 as IPv6"),
        pytest.param({"institution": "one"}, "2001:db8:1::9", True, id="a marked one"),
        pytest.param({"institution": "one"}, "10.2.0.1", False, id="outside"),
        pytest.param({"institution": "two"}, "10.1.2.3", False, id="an empty list"),
        pytest.param({"institution": "new"}, "10.1.2.3", False, id="no list"),
        pytest.param({"institution": ["one"]}, "10.1.2.3", False, id="a claim that is no text"),
        pytest.param({"institution": "one"}, "", False, id="no address"),
        pytest.param(STAFF_OF_ONE, "10.1.2.3", False, id="staff past the bastion"),
        pytest.param(STAFF_OF_ONE, "2001:db8:1::9", True, id="staff from the bastion"),
        pytest.param({"account": "STAFF"}, "2001:db8:1::9", False, id="staff of nobody"),
    ],
)
def test_lists_that_are_told(claims: dict[str, object], address: str, allowed: bool) -> None:
    assert admits(told(), claims, address) is allowed


def test_until_lists_were_read_nobody_with_a_name_comes_in() -> None:
    perimeter = Perimeter(replace(RULES, admits_unlisted=True))
    assert not perimeter.known
    assert not admits(perimeter, {"institution": "new"}, "10.1.2.3")
    assert admits(perimeter, {"role": "HOLDER"}, "10.1.2.3")


def test_who_has_no_list_may_be_admitted_by_the_settings_staff_never() -> None:
    perimeter = told(admits_unlisted=True)
    assert admits(perimeter, {"institution": "new"}, "203.0.113.1")
    assert not admits(perimeter, {"institution": "new", "account": "STAFF"}, "203.0.113.1")
    assert not admits(perimeter, {"institution": "two"}, "203.0.113.1"), "an empty list is a list"


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        [{}],
        [{"name": "one"}],
        [{"name": 1, "networks": []}],
        [{"name": "one", "networks": []}] * 2,
        [{"name": "one", "networks": [{"network": "10.0.0.1/8", "marked": False}]}],
        [{"name": "one", "networks": [{"network": "10.0.0.0/8", "marked": "no"}]}],
        [{"name": "one", "networks": [{"network": 10, "marked": False}]}],
        [{"name": "one", "networks": [None]}],
        [{"name": "one", "networks": [{"network": "10.0.0.0/8", "marked": False}] * 257}],
        [{"name": str(number), "networks": []} for number in range(10_001)],
    ],
)
def test_what_cannot_be_read_leaves_what_was_known(document: object) -> None:
    perimeter = told()
    with pytest.raises(BadAllowList):
        perimeter.take(document)
    assert admits(perimeter, {"institution": "one"}, "10.1.2.3")
    assert perimeter.changes == 1


def test_a_stream_ends_when_its_address_leaves_the_list() -> None:
    perimeter, viewer = told(), Viewer(claims={"institution": "one"})
    granting = Granting(perimeter=perimeter)
    still = granting.watch(viewer, granting.of(viewer), "10.1.2.3")
    assert still()
    perimeter.take([*LISTS, {"name": "three", "networks": []}])
    assert still(), "somebody else's list"
    perimeter.take([{"name": "one", "networks": [{"network": "10.9.0.0/16", "marked": False}]}])
    assert not still()


@dataclass
class Source:
    """Tells what it is given, or is ill."""

    document: object = None

    async def read(self) -> object:
        if self.document is None:
            raise BadAllowList("ill")
        return self.document


async def test_the_last_good_lists_are_kept_for_a_start_without_the_source(tmp_path: Path) -> None:
    settings = NetworkSourceSettings(
        subgraph="s", query="{ x }", claim="institution", kept=tmp_path / "new" / "lists.json"
    )
    first, source = perimeter_of(settings), Source(LISTS)
    assert first is not None
    assert not first.known
    await look(first, source, settings.kept)
    source.document = None
    await look(first, source, settings.kept)
    source.document = [{}]
    await look(first, source, settings.kept)
    assert admits(first, {"institution": "one"}, "10.1.2.3")
    second = perimeter_of(settings)
    assert second is not None
    assert second.known
    assert admits(second, {"institution": "one"}, "10.1.2.3")
    assert not admits(second, {"institution": "one"}, "10.2.0.1")


async def test_a_source_that_is_away_is_a_warning_from_when_all_was_ready_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "credgraph.perimeter")
    steps = iter((False, True, False))  # ready but for a moment
    here = [False]

    class Away:
        """Ill three times, and then the end of the test."""

        async def read(self) -> object:
            here[0] = next(steps, None) is True
            if len(caplog.records) == 3:
                raise asyncio.CancelledError
            raise BadAllowList("ill")

    perimeter = Perimeter(PerimeterRules(claim="institution", marked={}, admits_unlisted=True))
    with pytest.raises(asyncio.CancelledError):
        await keep_perimeter(perimeter, Away(), every=0, kept=None, is_ready=lambda: here[0])
    assert [each.levelname for each in caplog.records] == ["INFO", "INFO", "WARNING"]


async def test_a_kept_file_that_is_no_list_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    for text in ("", "{}", '[{"name": "one"}]', "\xff"):
        path.write_text(text, encoding="latin-1")
        settings = NetworkSourceSettings(
            subgraph="s", query="{ x }", claim="institution", kept=path
        )
        perimeter = perimeter_of(settings)
        assert perimeter is not None
        assert not perimeter.known
