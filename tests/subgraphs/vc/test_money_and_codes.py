"""Amounts, social credit codes, times and bytes: one spelling each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraphs.vc.asset_proof import ASSET_PROOF_1, parse_category, schema_of
from subgraphs.vc.encoding import from_base64url, from_date, from_time, to_base64url, to_time
from subgraphs.vc.errors import (
    BadAmount,
    BadUscc,
    MalformedDocument,
    UnknownCategory,
    UnsupportedSuite,
)
from subgraphs.vc.money import Fen, format_amount, parse_amount
from subgraphs.vc.uscc import parse_uscc


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        pytest.param("0", 0, id="nothing"),
        pytest.param("2999999.99", 299_999_999, id="one fen short of three million"),
        pytest.param("3000000", 300_000_000, id="whole yuan"),
        pytest.param("3000000.00", 300_000_000, id="the same with fen"),
        pytest.param("999999999999999.99", 99_999_999_999_999_999, id="the greatest"),
    ],
)
def test_amounts_are_exact(text: str, fen: int) -> None:
    assert parse_amount(text) == fen


@pytest.mark.parametrize(
    "text",
    [
        *("3e6", "3,000,000", "-1", "1.234", "３００", "1.2", "01", "", ".50", "1.", "+1"),
        *(" 1", "1\n", "1000000000000000", "٣", "¥1", "0x1", "NaN", "1_000", "1.００"),
    ],
)
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(BadAmount) as refusal:
        parse_amount(text, "/amount")
    assert (refusal.value.code, refusal.value.place) == ("AMOUNT_INVALID", "/amount")


@given(st.integers(0, 10**17 - 1))
def test_what_we_write_we_read(fen: int) -> None:
    assert parse_amount(format_amount(Fen(fen))) == fen


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("9131000063159284XQ", id="国泰君安证券"),
        pytest.param("91310000324360627T", id="证通"),
        pytest.param("91310000630888761K", id="华安基金"),
        pytest.param("91310000100020711J", id="国泰君安期货"),
        pytest.param("91310000577433812A", id="财通基金"),
    ],
)
def test_published_social_credit_codes_hold(code: str) -> None:
    assert parse_uscc(code) == code


@given(place=st.integers(0, 17), letter=st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_is_always_found(place: int, letter: str) -> None:
    code = "9131000063159284XQ"
    changed = code[:place] + letter + code[place + 1 :]
    if changed == code:
        assert parse_uscc(changed)
    else:
        with pytest.raises(BadUscc):
            parse_uscc(changed)


@pytest.mark.parametrize("code", ["", "9131000063159284X", "9131000063159284XI", "９" * 18])
def test_ill_formed_social_credit_codes(code: str) -> None:
    with pytest.raises(BadUscc):
        parse_uscc(code)


def test_the_nine_categories_and_no_tenth() -> None:
    assert parse_category("BANK_DEPOSIT").value == "BANK_DEPOSIT"
    for unknown in ("CRYPTO", "bank_deposit", "", "银行存款"):
        with pytest.raises(UnknownCategory):
            parse_category(unknown)


@pytest.mark.parametrize(
    "text",
    ["2026-11-22", "2026-11-22T09:00:00", "2026-02-30T00:00:00Z", "2026-11-22 09:00:00Z",
     "２026-11-22T09:00:00Z", "2026-11-22T09:00:00+25:00", "0001-01-01T00:00:00+14:00"],
)  # fmt: skip
def test_times_need_an_offset_and_have_to_exist(text: str) -> None:
    with pytest.raises(MalformedDocument):
        from_time(text)


def test_times_are_written_in_utc_to_the_second() -> None:
    assert to_time(from_time("2026-11-22T17:00:00.5+08:00")) == "2026-11-22T09:00:00Z"


@pytest.mark.parametrize("text", ["2026-1-1", "20261122", "2026-W47-7", "2026-13-01"])
def test_dates_have_one_spelling(text: str) -> None:
    with pytest.raises(MalformedDocument):
        from_date(text)


@given(st.binary(max_size=64))
def test_base64url_round_trip(data: bytes) -> None:
    assert from_base64url(to_base64url(data)) == data


@pytest.mark.parametrize("text", ["AA==", "AB", "A", "AA\n", "+/8", "A A", "Ａ"], ids=repr)
def test_a_second_spelling_of_the_same_bytes_is_refused(text: str) -> None:
    with pytest.raises(MalformedDocument):
        from_base64url(text)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(ASSET_PROOF_1.uri, id="the name"),
        pytest.param("http://127.0.0.1:4001/schemas/asset-proof/1", id="an issuer's own address"),
    ],
)
def test_a_schema_is_known_by_name_and_version_wherever_it_is_published(uri: str) -> None:
    assert schema_of(uri) is ASSET_PROOF_1


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("https://a.example/schemas/asset-proof/3", id="a later version"),
        pytest.param("https://a.example/schemas/asset-proof/01", id="another spelling"),
        pytest.param("https://a.example/schemas/income/1", id="another schema"),
        pytest.param("https://a.example/?x=/schemas/asset-proof/1", id="in a query"),
        pytest.param("https://a.example/#/schemas/asset-proof/1", id="in a fragment"),
        pytest.param("https://a.example/schemas/asset-proof/1/", id="more behind it"),
        pytest.param("file:///schemas/asset-proof/1", id="no web address"),
        pytest.param("asset-proof/1", id="no address"),
    ],
)
def test_any_other_schema_is_refused(uri: str) -> None:
    with pytest.raises(UnsupportedSuite):
        schema_of(uri, "/credentialSchema/id")
