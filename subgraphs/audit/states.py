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
