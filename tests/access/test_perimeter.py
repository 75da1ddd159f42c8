"""Addresses a caller may come from."""

import pytest

from gateway.access.addresses import AddressRule, check_address
from gateway.errors import AddressNotAllowed

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
