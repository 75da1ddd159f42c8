"""`credgraph serve`: the gateway as a process, for one settings file or for any supergraph."""

import argparse
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.config import Settings, load_settings
from gateway.errors import GatewayError
from gateway.server.run import serve
from gateway.server.workers import supervise


def run(argv: Sequence[str]) -> int:
    """0 after an orderly end; 1 and one clear sentence when it can't start."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = read_settings(argv, os.environ)
        start = serve if settings.listen.workers == 1 else supervise
        start(settings, lambda sentence: print(sentence, file=sys.stderr, flush=True))
    except GatewayError as error:
        print(f"credgraph: {error.message}", file=sys.stderr)
        return 1
    return 0


def read_settings(argv: Sequence[str], environ: Mapping[str, str]) -> Settings:
    """What the command line says, on top of the settings file if one is named. Raises
    BadSettings."""
    parser = argparse.ArgumentParser(prog="credgraph serve", description="Serve a supergraph.")
    parser.add_argument("--config", type=Path, help="settings file (its gateway: section)")
    parser.add_argument("--supergraph", type=Path, help="supergraph SDL; alone, it needs no config")
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, help="port to listen on (default 4000)")
    parser.add_argument("--workers", type=_workers, help="processes behind the port (default 1)")
    options = parser.parse_args(argv)
    if options.config is None and options.supergraph is None:
        parser.error("name a --config or a --supergraph")
    if options.config is not None:
        settings = load_settings(options.config, environ)
    else:
        settings = Settings(supergraph=options.supergraph, access_log=False)
    named = {"host": options.host, "port": options.port, "workers": options.workers}
    said = {key: value for key, value in named.items() if value is not None}
    listen = replace(settings.listen, **said)
    supergraph = options.supergraph or settings.supergraph
    return replace(settings, listen=listen, supergraph=supergraph).checked()


def _workers(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 256):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes from 1 to 256")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 65_536):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number")
    return int(text)
