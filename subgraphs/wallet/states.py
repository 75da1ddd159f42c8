"""The states of what the wallet owns; one vocabulary for rows, rules and schema."""

from __future__ import annotations

from enum import Enum

from subgraphs.kit.types import worded


@worded(
    "The life of a root DID (根 DID 状态).",
    PENDING="Asked for, not registered yet (待注册).",
    ACTIVE="Registered and usable (有效).",
    COMPROMISED="Its key is reported lost or known to others (密钥失密).",
    RECOVERING="A new key is on its way (恢复中).",
    DEACTIVATED="Given up for good (已停用).",
)
class RootDidState(Enum):
    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPROMISED = "COMPROMISED"
    RECOVERING = "RECOVERING"
    DEACTIVATED = "DEACTIVATED"


@worded(
    "The life of a consent (授权状态).",
    GRANTED="Signed by the holder and in force (有效).",
    WITHDRAWN="Taken back by the holder (已撤回).",
    EXPIRED="Its time is over (已过期).",
    EXHAUSTED="Used as often as it is for (已用尽).",
)
class ConsentState(Enum):
    GRANTED = "GRANTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    EXHAUSTED = "EXHAUSTED"


@worded(
    "The life of a copy in cloud custody (托管状态).",
    UPLOADING="On its way to the custodian (上传中).",
    STORED="Kept by the custodian (已托管).",
    DELETION_PENDING="Being erased; no longer readable (删除中).",
    DELETION_FAILED="Not erased everywhere; tried again (删除失败).",
    DELETED="Erased everywhere (已删除).",
)
class CustodyState(Enum):
    UPLOADING = "UPLOADING"
    STORED = "STORED"
    DELETION_PENDING = "DELETION_PENDING"
    DELETION_FAILED = "DELETION_FAILED"
    DELETED = "DELETED"
