"""An evidence file as one page to read or print: the case, its timeline, its parts, its paths.

Made from a file that has been checked; no script, no font or picture of elsewhere. All text that
comes from the file is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Final, cast

from ledger_adapter.drawing import draw_svg
from ledger_adapter.evidence_file import Evidence, Proved
from ledger_adapter.log.checkpoint import format_time

_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;color:#1b2733}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #c9d1d9;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top;overflow-wrap:anywhere}pre{background:#f4f6f8;padding:1rem;"
    "white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px}code{overflow-wrap:anywhere}"
    "svg{max-width:100%}@media print{svg{break-inside:avoid}}"
)


def draw_page(evidence: Evidence) -> str:
    """The whole page."""
    manifest = evidence.manifest
    title = f"Evidence on {manifest['dispute']} (证据包)"
    body = "".join(
        [
            f"<h1>{_text(title)}</h1>",
            _case(evidence),
            "<h2>Timeline (时间线)</h2>",
            _timeline(evidence),
            "<h2>Parts (证据材料)</h2>",
            *(_part(listed, document) for listed, document in _parts(evidence)),
            *_enclosed(evidence),
            "<h2>Proofs (存证证明)</h2>",
            _seal(evidence),
            *(_drawn(event) for event in evidence.events),
        ]
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def _case(evidence: Evidence) -> str:
    manifest, head = evidence.manifest, evidence.seal.bundle.checkpoint
    signers = ", ".join(dict.fromkeys(line.name for line in head.signatures))
    rows = {
        "Denied (争议事由)": manifest["ground"],
        "What (争议对象)": manifest["subject"],
        "By (持证方)": manifest["holder"],
        "Opened (提出时间)": manifest["openedAt"],
        "Sealed (封存时间)": manifest["sealedAt"],
        "Manifest (清单摘要)": evidence.manifest_hash,
        "On the log (存证位置)": f"entry {evidence.seal.bundle.leaf_index} of "
        f"{evidence.seal.bundle.origin}, below a head of {format_time(head.time)}",
        "Signed by (签名)": f"{signers}; trust {evidence.seal.trust}",
        "Check it (核验)": "python -m ledger_adapter verify-evidence FILE --trust trust.json",
    }
    return _table([[name, value] for name, value in rows.items()])


def _timeline(evidence: Evidence) -> str:
    head = ["Entry (序号)", "Time (时间)", "Event (事件)", "About (对象)", "Told (内容)"]
    rows = [
        [
            event.sequence,
            event.envelope["at"],
            event.envelope["kind"],
            " ".join(map(str, cast("list[object]", event.envelope["subjects"]))),
            json.dumps(event.envelope["body"], ensure_ascii=False, sort_keys=True),
        ]
        for event in evidence.events
    ]
    return _table(rows, head)


def _parts(evidence: Evidence) -> list[tuple[Mapping[str, object], object]]:
    listed = cast("list[Mapping[str, object]]", evidence.manifest["parts"])
    return list(zip(listed, evidence.parts, strict=True))


def _part(listed: Mapping[str, object], document: object) -> str:
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)
    return (
        f"<details open><summary><b>{_text(listed['kind'])}</b>, given and signed by "
        f"{_text(listed['institution'])} with {_text(listed['method'])}, "
        f"<code>{_text(listed['digest'])}</code></summary><pre>{_text(text)}</pre></details>"
    )


def _enclosed(evidence: Evidence) -> list[str]:
    head = ["Part (材料)", "On (位置)", "Signature (签名)", "Holds (核验)"]
    rows: list[list[object]] = [
        [one.part, one.place or "/", one.what, "yes (有效)" if one.fault is None else one.fault]
        for one in evidence.enclosed
    ]
    return ["<h2>Signatures inside (材料内签名)</h2>", _table(rows, head)] if rows else []


def _drawn(event: Proved) -> str:
    drawing = draw_svg(event.verdict.bundle)
    name = f"entry {event.sequence}: {event.envelope['kind']}"
    return f"<details open><summary>{_text(name)}</summary>{drawing}</details>"  # shut: not printed


def _seal(evidence: Evidence) -> str:
    bundle = evidence.seal.bundle
    name = f"The seal of this package, entry {bundle.leaf_index}"
    return f"<details open><summary>{name}</summary>{draw_svg(bundle)}</details>"


def _table(rows: list[list[object]], head: list[str] | None = None) -> str:
    top = f"<tr>{''.join(f'<th>{_text(cell)}</th>' for cell in head)}</tr>" if head else ""
    lines = [f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows]
    return f"<table>{top}{''.join(lines)}</table>"


def _text(value: object) -> str:
    return escape(str(value))
