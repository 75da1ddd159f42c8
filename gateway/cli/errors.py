"""`credgraph errors`: every code a client or an operator may meet, as the page in docs/."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from gateway.errors import (
    RETRYABLE_CODES,
    VALUE_CODES,
    BadParameters,
    ClientFault,
    GatewayError,
    LimitExceeded,
    NotReady,
    OperatorFault,
)

_HEAD = """# Error codes of the gateway

Made by `credgraph errors` from the code; a test fails when it is stale. Every error a client gets
has `extensions.code`, `extensions.requestId` (look for it in the gateway's log) and
`extensions.retryable`: whether the same request may fare better a little later. Errors that come
from a subgraph also name it in `extensions.service`; a code that is not in this list is the
subgraph's own, and its sentence reaches clients only as `gateway.errors` in the settings says.
"""


def run(argv: Sequence[str]) -> int:
    """Always 0."""
    parser = argparse.ArgumentParser(prog="credgraph errors", description="All error codes.")
    parser.parse_args(argv)
    print(errors_page(), end="")
    return 0


def errors_page() -> str:
    """The page, one table for each who must act; the rooms with errors of their own are loaded."""
    for room in _ROOMS:
        import_module(room)
    own = {GatewayError.code: "A bug of the gateway; its words go to the log."}
    return _HEAD + "".join(
        (
            _table("The caller must change the request", dict(_codes(ClientFault))),
            _table("The caller may come back later", dict(_codes(NotReady))),
            _table("A subgraph is ill; the rest of the answer is there", VALUE_CODES),
            _table("The gateway must be mended", {**own, "QUERY_PLANNING_FAILED": _UNPLANNED}),
            _table("The operator must mend a file or a setting", dict(_codes(OperatorFault))),
        )
    )


_ROOMS = ("gateway.engine", "gateway.composition")
_GROUPS = frozenset({LimitExceeded, BadParameters})
_UNPLANNED = "No plan answers a valid operation."


def _table(title: str, codes: Mapping[str, str]) -> str:
    rows = [f"\n## {title}\n\n| code | retryable | meaning |\n|---|---|---|\n"]
    for code, meaning in sorted(codes.items()):
        rows.append(f"| `{code}` | {'yes' if code in RETRYABLE_CODES else 'no'} | {meaning} |\n")
    return "".join(rows)


def _codes(family: type[GatewayError]) -> Iterator[tuple[str, str]]:
    """The codes of a family by the class that gives them."""
    for member in family.__subclasses__():
        if member not in _GROUPS:
            yield member.code, " ".join((member.__doc__ or "").split())
        yield from _codes(member)
