"""`credgraph compose`: the subgraph files of a config -> supergraph file and API schema file.

Laws: nothing is written unless everything is well; hints fail the build unless the config allows
them with a reason; all findings of a run are printed together.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from graphql import print_schema

from gateway.cli.compose_config import ComposeConfig, read_compose_config
from gateway.cli.compose_report import Report
from gateway.composition import Composed, CompositionFailure, SubgraphSource, compose
from gateway.errors import BadSettings, GatewayError
from gateway.spec.names import GUARD_IDENTITIES
from gateway.supergraph.api_schema import build_api_schema
from gateway.supergraph.reader import read_supergraph


def run(argv: Sequence[str]) -> int:
    """0 when written (or, with --check, up to date); 1 when not, with every reason printed."""
    options = _parser().parse_args(argv)
    try:
        config = read_compose_config(options.config, options.output)
        sources = read_sources(config)
        return _compose(config, sources, check=options.check)
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1


def read_sources(config: ComposeConfig) -> list[SubgraphSource]:
    """Raises BadSettings naming the first subgraph file that can't be read."""
    sources = []
    for each in config.subgraphs:
        try:
            sdl = each.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            key = f"subgraphs.{each.name}.file"
            raise BadSettings(key, f"cannot read {each.file}: {reason}") from None
        sources.append(SubgraphSource(name=each.name, url=each.url, sdl=sdl))
    return sources


def _parser() -> argparse.ArgumentParser:
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
    return parser


def _compose(config: ComposeConfig, sources: Sequence[SubgraphSource], *, check: bool) -> int:
    result = compose(sources)
    report = Report(
        files={each.name: each.file for each in config.subgraphs},
        texts={each.name: each.sdl for each in sources},
    )
    refused = [hint for hint in result.hints if not config.allows(hint)]
    for hint in refused:
        print(report.hint(hint), file=sys.stderr)
    if isinstance(result, CompositionFailure):
        for error in result.errors:
            print(report.error(error), file=sys.stderr)
        return _refuse(len(result.errors), len(refused))
    if refused:
        return _refuse(0, len(refused))
    for entry in config.unused(result.hints):
        print(f"credgraph: allowed_hints: {entry} matches nothing any more", file=sys.stderr)
    written = _texts(config, result)
    return _check(written) if check else _write(written)


def _refuse(errors: int, hints: int) -> int:
    print(
        f"credgraph: nothing written: {errors} error(s), {hints} hint(s) not allowed by the config",
        file=sys.stderr,
    )
    return 1


def _texts(config: ComposeConfig, result: Composed) -> Mapping[Path, str]:
    supergraph = read_supergraph(result.supergraph_sdl, understood=GUARD_IDENTITIES)
    api = print_schema(build_api_schema(supergraph))
    return {config.supergraph: result.supergraph_sdl, config.api: api + "\n"}


def _check(texts: Mapping[Path, str]) -> int:
    stale = [path for path, text in texts.items() if not _holds(path, text)]
    for path in stale:
        print(f"credgraph: {path} is stale: run credgraph compose", file=sys.stderr)
    return 1 if stale else 0


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _write(texts: Mapping[Path, str]) -> int:
    for path, text in texts.items():
        if _holds(path, text):
            continue
        partial = path.with_name(f".{path.name}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            print(f"credgraph: cannot write {path}: {error.strerror}", file=sys.stderr)
            return 1
        print(f"wrote {path}")
    return 0
