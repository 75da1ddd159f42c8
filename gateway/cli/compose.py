"""`credgraph compose`: the subgraphs of a config -> supergraph file and API schema file.

Laws: nothing is written unless everything is well; hints fail the build unless the config says
otherwise; all findings of a run are printed together.
"""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from graphql import print_schema

from gateway.cli.compose_config import ComposeConfig, read_compose_config
from gateway.cli.compose_report import Findings
from gateway.cli.compose_sources import Gathered, gather, read_sources
from gateway.cli.compose_write import holds, write
from gateway.composition import Composed, compose
from gateway.composition.for_apollo import for_apollo_gateway
from gateway.errors import GatewayError
from gateway.spec.names import GUARD_IDENTITIES
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph

__all__ = ["api_sdl", "options_of", "read_sources", "run", "watch"]

APOLLO_GATEWAY: Final = "apollo-gateway"


def run(argv: Sequence[str]) -> int:
    """0 when written (or, with --check, up to date); 1 when not, with every reason printed."""
    options = options_of(argv)
    if options.watch:
        return watch(options, time.sleep)
    try:
        config = read_compose_config(options.config, options.output)
        return _once(config, gather(config), options)
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1


def watch(options: argparse.Namespace, sleep: Callable[[float], None]) -> int:
    """Compose again whenever config or SDL changed, until interrupted."""
    last: tuple[ComposeConfig, Gathered] | str | None = None
    try:
        while True:
            now = _looked(options)
            if now != last:
                last = now
                if isinstance(now, str):
                    print(f"credgraph: {now}", file=sys.stderr, flush=True)
                else:
                    _once(*now, options)
                    print("credgraph: watching for changes", file=sys.stderr, flush=True)
            sleep(options.interval)
    except KeyboardInterrupt:
        return 0


def _looked(options: argparse.Namespace) -> tuple[ComposeConfig, Gathered] | str:
    try:
        config = read_compose_config(options.config, options.output)
        return config, gather(config)
    except GatewayError as error:
        return error.message


def options_of(argv: Sequence[str]) -> argparse.Namespace:
    """The options of the command; ends the process for those it does not know."""
    parser = argparse.ArgumentParser(
        prog="credgraph compose", description="Compose subgraph schemas into a supergraph."
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("schema/supergraph.yaml"),
        help="names the subgraphs (default schema/supergraph.yaml)",
    )
    parser.add_argument("--output", type=Path, help="write the supergraph here instead")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where a file is stale"
    )
    parser.add_argument(
        "--for",
        dest="target",
        choices=[APOLLO_GATEWAY],
        help="write the variant that this gateway accepts, beside the usual file",
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--watch", action="store_true", help="compose again on every change")
    parser.add_argument(
        "--interval", type=float, default=1.0, help="seconds between two looks of --watch"
    )
    return parser.parse_args(argv)


def _once(config: ComposeConfig, gathered: Gathered, options: argparse.Namespace) -> int:
    result = compose(gathered.sources, unread=gathered.faults)
    errors = () if isinstance(result, Composed) else result.errors
    findings = Findings(config=config, gathered=gathered, errors=errors, hints=result.hints)
    texts: Mapping[Path, str] = {}
    if isinstance(result, Composed) and not findings.refused:
        texts = _texts(config, result, options.target)
    stale = [str(path) for path, text in texts.items() if not holds(path, text)]
    written = stale if not options.check and write(texts) else []
    if options.format == "json":
        print(findings.as_json(written, stale if options.check else []), flush=True)
    else:
        _tell(findings, written, stale if options.check else [])
    return 1 if findings.refused or stale != written else 0


def _tell(findings: Findings, written: Sequence[str], stale: Sequence[str]) -> None:
    for block in findings.as_text():
        print(block, file=sys.stderr)
    for path in stale:
        print(f"credgraph: {path} is stale: run credgraph compose", file=sys.stderr)
    for path in written:
        print(f"wrote {path}", flush=True)


def _texts(config: ComposeConfig, result: Composed, target: str | None) -> Mapping[Path, str]:
    if target != APOLLO_GATEWAY:
        texts = {config.supergraph: result.supergraph_sdl}
        return texts | ({config.api: api_sdl(result.supergraph_sdl)} if config.api else {})
    variant = for_apollo_gateway(result.supergraph_sdl)
    if variant.lost:
        print(
            f"credgraph: warning: @apollo/gateway does not know {' and '.join(variant.lost)}: "
            "behind it these fields are served to anybody unless the subgraphs refuse themselves",
            file=sys.stderr,
        )
    path = config.supergraph
    return {path.with_name(f"{path.stem}.{target}{path.suffix}"): variant.supergraph_sdl}


def api_sdl(supergraph_sdl: str) -> str:
    """What clients of this supergraph see."""
    supergraph = read_supergraph(supergraph_sdl, understood=GUARD_IDENTITIES)
    return print_schema(build_api_schema(supergraph)) + "\n"
