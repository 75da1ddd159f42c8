"""Enums that more than one subgraph shows; output only, so an ill input stays data, not a refusal
of the whole document."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from subgraphs.kit.errors import Invalid
from subgraphs.kit.types import worded
from subgraphs.vc.asset_proof import AssetCategory

__all__ = ["AssetCategory", "CredentialState", "EndorsementEffect", "member"]

# one list of categories: the schema's words are put onto those that credentials carry
worded(
    "The nine asset categories of the pilot (资产类别).",
    BANK_DEPOSIT="Bank deposit (银行存款).",
    STOCK="Stock (股票).",
    BOND="Bond (债券).",
    FUND_UNIT="Fund units (基金份额).",
    ASSET_MGMT_PLAN="Asset management plan (资产管理计划).",
    BANK_WEALTH_PRODUCT="Bank wealth product (银行理财产品).",
    TRUST_PLAN="Trust plan (信托计划).",
    INSURANCE_PRODUCT="Insurance product (保险产品).",
    FUTURES_EQUITY="Futures equity (期货权益).",
)(AssetCategory)


@worded(
    "What a change endorsement does (签注效力).",
    NOTE="A remark; no state changes (备注).",
    REDUCED="The total fell (减少).",
    RESTORED="The former state is back (恢复).",
    SUSPEND="Not to be relied on now (暂停).",
    REVOKE="Never again to be relied on (注销).",
)
class EndorsementEffect(Enum):
    NOTE = "NOTE"
    REDUCED = "REDUCED"
    RESTORED = "RESTORED"
    SUSPEND = "SUSPEND"
    REVOKE = "REVOKE"


@worded(
    "The life of a credential (凭证状态).",
    REQUESTED="Asked for by the holder (已申请).",
    DRAFT="Compiled, not signed (草稿).",
    OFFERED="Signed by the issuer, waits for the holder (待持证方签署).",
    ACTIVE="Signed by both (有效).",
    SUSPENDED="Suspended by the issuer (已暂停).",
    REVOKED="Revoked by the issuer (已注销).",
    CANCELLED="Cancelled by the holder (已取消).",
    EXPIRED="Its validity is over (已过期).",
    SUPERSEDED="A newer one stands (已替换).",
    REJECTED="The request was refused (已拒绝).",
    WITHDRAWN="The holder stepped back (已撤回).",
    LAPSED="Not signed in time (已失效).",
)
class CredentialState(Enum):
    REQUESTED = "REQUESTED"
    DRAFT = "DRAFT"
    OFFERED = "OFFERED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    LAPSED = "LAPSED"


E = TypeVar("E", bound=Enum)


def member(enum: type[E], text: str, *, field: str, code: str) -> E:
    """The member a caller named; Invalid lists the known ones."""
    try:
        return enum(text)
    except ValueError:
        known = ", ".join(str(one.value) for one in enum)
        raise Invalid(f"unknown value; known are {known}", field=field, code=code) from None
