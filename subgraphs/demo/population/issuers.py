"""Who attests: the pilot's issuers and synthetic banks, trusts and insurers for load."""

from typing import Final

from subgraphs.demo.pilot import CAITONG_FUND, GUOTAI_JUNAN, GUOTAI_JUNAN_FUTURES, HUAAN_FUND
from subgraphs.demo.pilot import PilotInstitution as Pilot
from subgraphs.demo.population.records import Archetype, Issuer
from subgraphs.vc.asset_proof import AssetCategory as Category
from subgraphs.vc.uscc import check_digit

RESERVED: Final = "91990000MAXYN"  # no registration office has the code 990000


def _pilot(one: Pilot, *categories: Category) -> Issuer:
    return Issuer(
        uscc=one.uscc, name=one.name, kind=one.kind, categories=categories, synthetic=False
    )


def _synthetic(number: int, name: str, kind: str, *categories: Category) -> Issuer:
    body = f"{RESERVED}{number:04d}"
    return Issuer(
        uscc=body + check_digit(body),
        name=f"{name} (合成)",
        kind=kind,
        categories=categories,
        synthetic=True,
    )


ISSUERS: Final[tuple[Issuer, ...]] = (
    _pilot(GUOTAI_JUNAN, Category.STOCK, Category.BOND, Category.FUND_UNIT),
    _pilot(HUAAN_FUND, Category.FUND_UNIT),
    _pilot(GUOTAI_JUNAN_FUTURES, Category.FUTURES_EQUITY),
    _pilot(CAITONG_FUND, Category.FUND_UNIT, Category.ASSET_MGMT_PLAN),
    _synthetic(1, "东方甲银行", "BANK", Category.BANK_DEPOSIT, Category.BANK_WEALTH_PRODUCT),
    _synthetic(2, "西岭乙银行", "BANK", Category.BANK_DEPOSIT, Category.BANK_WEALTH_PRODUCT),
    _synthetic(3, "南山丙信托", "TRUST_COMPANY", Category.TRUST_PLAN),
    _synthetic(4, "北海丁保险", "INSURER", Category.INSURANCE_PRODUCT),
)
DISTRIBUTOR: Final = ISSUERS[0]
MANAGER: Final = ISSUERS[1]
UNSEEN_BANK: Final = "EXT-BANK"

HOMES: Final[dict[Archetype, tuple[tuple[Issuer, int], ...]]] = {
    Archetype.CASH: tuple(zip(ISSUERS, (1, 1, 0, 1, 6, 5, 2, 3), strict=True)),
    Archetype.FUND: tuple(zip(ISSUERS, (3, 6, 0, 5, 2, 1, 1, 1), strict=True)),
    Archetype.EQUITY: tuple(zip(ISSUERS, (8, 1, 1, 1, 2, 1, 1, 1), strict=True)),
    Archetype.FUTURES: tuple(zip(ISSUERS, (3, 1, 8, 1, 1, 1, 1, 0), strict=True)),
    Archetype.MIXED: tuple(zip(ISSUERS, (3, 3, 2, 2, 3, 3, 2, 2), strict=True)),
}
