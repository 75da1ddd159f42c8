"""Tags of a draft to MongoDB documents and back."""

from __future__ import annotations

from datetime import date
from typing import Any

from subgraphs.kit.mongo import Document
from subgraphs.vc.guard import Direction, GuardFacts, Seasoning, TaggedFlow, TaggedLine
from subgraphs.vc.money import format_amount, parse_amount


def guard_document(facts: GuardFacts) -> Document:
    seasoning = facts.seasoning
    return {
        "account": facts.account,
        "positions": [
            {"tag": line.tag, "amount": format_amount(line.amount)} for line in facts.positions
        ],
        "flows": [
            {
                "tag": flow.tag,
                "direction": flow.direction.value,
                "amount": format_amount(flow.amount),
                "settled": flow.settled.isoformat() if flow.settled else None,
                "other_end": flow.other_end,
            }
            for flow in facts.flows
        ],
        "seasoning": seasoning
        and {
            "since": seasoning.since.isoformat(),
            "least": format_amount(seasoning.least),
            "held": list(seasoning.held),
        },
    }


def guard_facts(found: Document) -> GuardFacts:
    return GuardFacts(
        account=found["account"],
        positions=tuple(
            TaggedLine(tag=one["tag"], amount=parse_amount(one["amount"]))
            for one in found["positions"]
        ),
        flows=tuple(map(_flow, found["flows"])),
        seasoning=_seasoning(found["seasoning"]) if found["seasoning"] else None,
    )


def _flow(found: dict[str, Any]) -> TaggedFlow:
    return TaggedFlow(
        tag=found["tag"],
        direction=Direction(found["direction"]),
        amount=parse_amount(found["amount"]),
        settled=date.fromisoformat(found["settled"]) if found["settled"] else None,
        other_end=found["other_end"],
    )


def _seasoning(found: dict[str, Any]) -> Seasoning:
    return Seasoning(
        since=date.fromisoformat(found["since"]),
        least=parse_amount(found["least"]),
        held=tuple(found["held"]),
    )
