"""Makes docs/access.md, rules in words and the matrix as a table: `python -m tests.access.page`."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from tests.access.matrix import ROOT, Row, read_matrix
from tests.access.world import ROLES

PAGE: Final = ROOT / "docs" / "access.md"
_MARKS: Final = {"yes": "●", "no": "·", "unset": "○", "may": "◐", "with": "="}
_HEADS: Final = (
    *("holder", "other holder", "issuer", "other issuer", "verifier", "other verifier"),
    *("regulator", "analyst", "nobody"),
)
_INTRO: Final = """# Who may see and do what

The table below is `tests/access/matrix.csv`, written by hand from the rules of visibility and held
against a running system by `tests/access/test_matrix.py`: for every role and every field a real
request through the gateway, and one at each subgraph that has the field, with a context signed
for that role. A field without a row fails the build. `python -m tests.access.page` makes this page.

## The rules

- A holder sees everything about herself. Nobody else's wallet, ever.
- An issuer sees what it issued. It never learns where a proof was shown: no presentation,
  acceptance, qualification, permission, consent or proof of one.
- A verifier sees what was presented to it, and of a credential what the presentation and the public
  log say. No request of a verifier reaches the issuer.
- The regulator sees that and when things happened, never documents, nor what opens a credential's
  claims; of an event it sees all, with the opening of its commitment. The band of a new total and
  what credentials state (`Case.amounts`) it sees on a case (`case`), and there alone: the person
  concerned is told first of the case, and of the amounts by themselves.
- A root DID is seen in the role it was learnt in: by an issuer that matched a customer to it, by a
  verifier that matched one and was presented to. One house in two roles is two callers.
- The regulator has no list of a person's consents, nor anything of her copies but the receipts of
  those that are gone; what belongs to a case it reads by `case`, told first.
- An analyst sees what everybody sees.
- An object that a caller may not see answers exactly like an id that does not exist: `null` fields,
  no error, no different count. A rule on an object the caller does see answers `null` and
  `FORBIDDEN`. What a guard of the schema (`@authenticated`, `@requiresScopes`, `@policy`) refuses
  is not even fetched: `null` and `UNAUTHORIZED_FIELD_OR_TYPE`.
- **Proofs.** From an object's id to its place on the log is a step that would tell whoever holds an
  id that the object exists, and since when; so `chainProof` is for those who may see the event.
  The log itself (entries, paths, heads, by place) is everybody's, without login, and holds no id.
- **What everybody can count.** The log's total volume is visible: its size, the kinds of its
  entries and when heads were signed. Cursors, positions and heads move with everybody's events.

## At the gateway

Settings: `gateway.auth` in [settings.md](settings.md). Tokens have one text and one reading:
unpadded base64url without loose bits, no name twice, bounded in size and nesting; the algorithm is
the key's. A token on the revocation list (`auth.revoked`, read again every ten seconds) is refused,
remembered or not; one with `step_up: true` is good once. `unauthorized: reject` refuses whole
operations, `dry-run` only tells (`extensions.unauthorized`). Without issuers in the settings a
guarded graph stays shut. Plans are kept by what a caller's grants decide, not by who she is, and a
stream ends with `SUBSCRIPTION_GRANT_ENDED` when its token is revoked or a policy changes its mind.
Paths of refusals use `@` for every element of a list; `typeCondition` names the type a refused
selection is limited to. `tests/access/cases` holds the cases, by kind of element.

**Denials.** With `auth.denials` the gateway counts what it refuses, and what subgraphs refuse as
`FORBIDDEN`, by client, field and minute, bounded in memory, and sends it to a mutation that no
client sees, under a token in its own name. Audit keeps 90 days for the regulator: `accessDenials`.

**Perimeter.** `auth.addresses` ties a claim to networks for good. Each institution's own
allow-list lives in audit: the regulator changes it by `setAllowList` (CIDR, IPv6, `bastion` marks),
with a token that was issued for this one list: good once, at most five minutes old, its `bound_to`
the SM3 of the JSON `{change: "setAllowList", institutionId, expectedVersion, networks: [{network,
bastion}]}` (RFC 8785, networks sorted; a refusal names the digest that is wanted). The change is an
`ALLOW_LIST_CHANGED` event of the institution, with keyed digests of the list and of who changed
it, and no address. Gateways with `auth.networks` ask audit for all lists in their own name every
few seconds; a caller from elsewhere gets `ADDRESS_NOT_ALLOWED`, a stream from elsewhere ends at its
next event. Deny by default: no list, no way in (`unlisted: admit` is for evaluation), nor before
lists were read; staff (`marked` claims) come from BASTION networks only. While audit is away the
last lists hold, after a restart by the file `kept`. `allowList` shows an institution its own.

## Privileged reads

The regulator reads what it is no party to only after those who are were told: a dispute and its
evidence package, a complaint, a person's root DID, a receipt of deletion. The subgraph
(`subgraphs/kit/reads.py`) writes a `PRIVILEGED_READ` event for each object of a request and answers
once it is committed: no event, no answer. It names the object, the role, the operation, and the
reader as a keyed digest; it stands in `auditEvents` of the holder and of the institutions
concerned, and in the regulator's own feed. What one person asks twice at once the gateway asks
once.

The amounts of a case are the issuer's, and which credentials belong to a case only audit knows.
So audit, once the case is told, seals a *pass* (`subgraphs/kit/passes.py`: SM4-GCM under a key made
of `cursor_key`): case, person and credentials, for that one regulator and five minutes. It is the
key of `Case` that the gateway brings to the issuer; no client sees it or can name it. The issuer
opens it (`PASS_INVALID`, `PASS_EXPIRED`; `FORBIDDEN` for every other role), tells a read of its own
(`AMOUNTS`), and then reads what is that person's. Audit and issuer need the same `cursor_key`.

## Between gateway and subgraphs

Each request carries a context token of the gateway, good for one subgraph and a minute, and the id
of the client's operation (`x-request-id`) with a seal under that token (`x-request-seal`). With
`tls: {certificate, key, client_ca}` in the section `subgraphs` all four listen for https and wss
only, and with `client_ca` for those alone who show one of its certificates; on the other side
stand `ca`, `certificate` and `key` of `gateway.subgraphs.<name>`. `tests/e2e/test_tls.py` plays a
journey so.

## Rules and rows

`make access-matrix` asks for each object by itself, and changes each rule of the four `policy`
modules, one at a time: a row has to fail. `tests/access/test_inputs.py` puts operators of the
database into every input, forges cursors and guesses ids. `tests/access/test_interference.py` asks
random queries before and after somebody else's whole story, and walks every list by its cursors:
nobody without a part in it gets another answer. `make interference` does so for four pairs of
institutions, three seeds each.

`tests/access/test_same_work.py` counts what a subgraph asks of its database: of an object that is
hidden and of one that is not there it is the same. What may not be seen is left before anybody's
data key is read for it (`find_seen` in `subgraphs/kit/sealed.py`).

## The matrix

● there is a value · ○ nobody has set one in the story that is played · ◐ depends on the moment, or
may be tried · `·` there is none · `=` seen exactly as what leads there.
"""


def page() -> str:
    return "\n".join([_INTRO, *_tables()]) + "\n"


def _tables() -> Iterator[str]:
    for (type_, at), rows in groupby(read_matrix(), key=lambda row: (row.type, row.at)):
        if at == "with":
            continue
        yield f"### {type_}{'' if at == 'node' else f' at `{at}`'}\n"
        yield f"| field | {' | '.join(_HEADS)} |"
        yield "|---|" + "---|" * len(ROLES)
        yield from map(_line, rows)
        yield ""
    others = sorted(row.type for row in read_matrix() if row.at == "with")
    yield f"Seen exactly as what leads there: {', '.join(f'`{name}`' for name in others)}."


def _line(row: Row) -> str:
    return f"| `{row.field}` | {' | '.join(_MARKS[row.cells[role]] for role in ROLES)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
