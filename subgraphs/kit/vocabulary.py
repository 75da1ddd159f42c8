"""Enums that more than one subgraph shows; output only, so an ill input stays data, not a refusal
of the whole document."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import strawberry

from subgraphs.kit.errors import Invalid


@strawberry.enum(description="The nine asset categories of the pilot (资产类别).")
class AssetCategory(Enum):
    BANK_DEPOSIT = strawberry.enum_value("BANK_DEPOSIT", description="Bank deposit (银行存款).")
    STOCK = strawberry.enum_value("STOCK", description="Stock (股票).")
    BOND = strawberry.enum_value("BOND", description="Bond (债券).")
    FUND_UNIT = strawberry.enum_value("FUND_UNIT", description="Fund units (基金份额).")
    ASSET_MGMT_PLAN = strawberry.enum_value(
        "ASSET_MGMT_PLAN", description="Asset management plan (资产管理计划)."
    )
    BANK_WEALTH_PRODUCT = strawberry.enum_value(
        "BANK_WEALTH_PRODUCT", description="Bank wealth product (银行理财产品)."
    )
    TRUST_PLAN = strawberry.enum_value("TRUST_PLAN", description="Trust plan (信托计划).")
    INSURANCE_PRODUCT = strawberry.enum_value(
        "INSURANCE_PRODUCT", description="Insurance product (保险产品)."
    )
    FUTURES_EQUITY = strawberry.enum_value(
        "FUTURES_EQUITY", description="Futures equity (期货权益)."
    )


@strawberry.enum(description="What a change endorsement does (签注效力).")
class EndorsementEffect(Enum):
    NOTE = strawberry.enum_value("NOTE", description="A remark; no state changes (备注).")
    REDUCED = strawberry.enum_value("REDUCED", description="The total fell (减少).")
    RESTORED = strawberry.enum_value("RESTORED", description="The former state is back (恢复).")
    SUSPEND = strawberry.enum_value("SUSPEND", description="Not to be relied on now (暂停).")
    REVOKE = strawberry.enum_value("REVOKE", description="Never again to be relied on (注销).")


@strawberry.enum(description="The life of a credential (凭证状态).")
class CredentialState(Enum):
    REQUESTED = strawberry.enum_value("REQUESTED", description="Asked for by the holder (已申请).")
    DRAFT = strawberry.enum_value("DRAFT", description="Compiled, not signed (草稿).")
    OFFERED = strawberry.enum_value(
        "OFFERED", description="Signed by the issuer, waits for the holder (待持证方签署)."
    )
    ACTIVE = strawberry.enum_value("ACTIVE", description="Signed by both (有效).")
    SUSPENDED = strawberry.enum_value("SUSPENDED", description="Suspended by the issuer (已暂停).")
    REVOKED = strawberry.enum_value("REVOKED", description="Revoked by the issuer (已注销).")
    CANCELLED = strawberry.enum_value("CANCELLED", description="Cancelled by the holder (已取消).")
    EXPIRED = strawberry.enum_value("EXPIRED", description="Its validity is over (已过期).")
    SUPERSEDED = strawberry.enum_value("SUPERSEDED", description="A newer one stands (已替换).")
    REJECTED = strawberry.enum_value("REJECTED", description="The request was refused (已拒绝).")
    WITHDRAWN = strawberry.enum_value("WITHDRAWN", description="The holder stepped back (已撤回).")
    LAPSED = strawberry.enum_value("LAPSED", description="Not signed in time (已失效).")


E = TypeVar("E", bound=Enum)


def member(enum: type[E], text: str, *, field: str, code: str) -> E:
    """The member a caller named; Invalid lists the known ones."""
    try:
        return enum(text)
    except ValueError:
        known = ", ".join(str(one.value) for one in enum)
        raise Invalid(f"unknown value; known are {known}", field=field, code=code) from None
