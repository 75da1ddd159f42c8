"""The public audit of federation gateways, run against `credgraph serve`.

The audit itself is no part of this repository: AUDIT_DIR names a checkout of it in which
`npm install` was run. Without it nothing is run, which is said and is no failure.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from tests.federation_audit.judge import Suite, Verdict
from tests.federation_audit.servers import NotRun, subgraph_server
from tests.federation_audit.translator import translating


async def audit(folder: Path, options: argparse.Namespace) -> list[Verdict]:
    """The verdict on every suite, or on those that were named."""
    async with AsyncExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cg-audit-")))
        client = await stack.enter_async_context(httpx.AsyncClient(timeout=10))
        subgraphs = stack.enter_context(
            subgraph_server(folder, scratch / "subgraphs.log", strict=options.strict)
        )
        await subgraphs.wait(client, "/ids")
        translator = await stack.enter_async_context(translating(client))
        verdicts = []
        for name in options.suites or (await client.get(f"{subgraphs.url}/ids")).json():
            suite = await Suite.fetch(name, subgraphs.url, client, own=options.own)
            if options.rename is not None:
                suite = await suite.renamed(options.rename, subgraphs.url, client, translator)
            verdicts.append(await suite.judge(scratch, client))
            _print_verdict(verdicts[-1], verbose=options.verbose)
        return verdicts


def _print_verdict(verdict: Verdict, *, verbose: bool) -> None:
    print(f"{verdict.passed:4d}/{verdict.cases:<4d} {verdict.suite}", flush=True)
    for failure in verdict.failures if verbose else ():
        print(failure)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.federation_audit", description=__doc__)
    parser.add_argument("suites", nargs="*", help="only these suites")
    parser.add_argument(
        "--strict", action="store_true", help="subgraphs refuse what a good plan never asks"
    )
    parser.add_argument(
        "--rename", nargs="?", type=int, const=1, metavar="SEED", help="change all names first"
    )
    parser.add_argument("--own", action="store_true", help="on supergraphs of our own composer")
    parser.add_argument("--verbose", action="store_true", help="show what failed")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """0 when everything passes or the audit is not there, 1 otherwise."""
    options = _options(arguments)
    folder = os.environ.get("AUDIT_DIR")
    if not folder:
        print("audit not run: AUDIT_DIR is not set")
        return 0
    try:
        verdicts = asyncio.run(audit(Path(folder), options))
    except NotRun as reason:
        print(f"audit not run: {reason}")
        return 1
    passed, cases = sum(v.passed for v in verdicts), sum(v.cases for v in verdicts)
    whole = sum(not verdict.failures for verdict in verdicts)
    print(f"{passed}/{cases} cases, {whole}/{len(verdicts)} suites")
    return 0 if passed == cases else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
