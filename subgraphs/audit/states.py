"""States of what audit keeps itself; output only."""

from __future__ import annotations

from enum import Enum

from subgraphs.kit.types import worded


@worded(
    "The life of a dispute (争议状态).",
    OPEN="The holder denies; institutions give their parts (已提出).",
    SEALED="The evidence is sealed (已封存).",
    UPHELD="The holder was right (成立).",
    DISMISSED="The holder was not right (不成立).",
    WITHDRAWN="The holder stepped back (已撤回).",
)
class DisputeState(Enum):
    OPEN = "OPEN"
    SEALED = "SEALED"
    UPHELD = "UPHELD"
    DISMISSED = "DISMISSED"
    WITHDRAWN = "WITHDRAWN"


@worded(
    "The life of a complaint (投诉状态).",
    RECEIVED="It has come in (已受理).",
    INVESTIGATING="The lead institution looks into it (调查中).",
    PROGRESS_REPORTED="The complainant was told how it stands (已反馈进展).",
    RESOLVED="It is settled (已办结).",
    ESCALATED="It went to the regulator (已升级).",
)
class ComplaintState(Enum):
    RECEIVED = "RECEIVED"
    INVESTIGATING = "INVESTIGATING"
    PROGRESS_REPORTED = "PROGRESS_REPORTED"
    RESOLVED = "RESOLVED"
    ESCALATED = "ESCALATED"


@worded(
    "How far an exit has come (退出状态).",
    INITIATED="Wished for or ordered (已发起).",
    NOTIFIED="Those concerned know, and what they can do instead (已通知).",
    FROZEN="Nothing new is begun (已冻结).",
    BACKED_UP="What has to be kept is copied (已备份).",
    BACKUP_VERIFIED="The copy was read back and is the same (备份已验证).",
    CLEANED="What need not be kept is gone (已清理).",
    CLOSED="Over (已关闭).",
)
class ExitState(Enum):
    INITIATED = "INITIATED"
    NOTIFIED = "NOTIFIED"
    FROZEN = "FROZEN"
    BACKED_UP = "BACKED_UP"
    BACKUP_VERIFIED = "BACKUP_VERIFIED"
    CLEANED = "CLEANED"
    CLOSED = "CLOSED"


@worded(
    "Who leaves (退出范围).",
    USER="A holder (用户).",
    PARTICIPANT="An institution (参与机构).",
    BUSINESS="An institution, from one of its businesses (业务).",
    PROJECT="The pilot as a whole (项目).",
)
class ExitScope(Enum):
    USER = "USER"
    PARTICIPANT = "PARTICIPANT"
    BUSINESS = "BUSINESS"
    PROJECT = "PROJECT"


@worded(
    "Why (退出原因).",
    WISH="Who leaves wants to (自愿).",
    POLICY="The rules of the pilot changed (政策).",
    AGREEMENT="An agreement ended (协议).",
    MAJOR_RISK="Something went badly wrong (重大风险).",
)
class ExitTrigger(Enum):
    WISH = "WISH"
    POLICY = "POLICY"
    AGREEMENT = "AGREEMENT"
    MAJOR_RISK = "MAJOR_RISK"
