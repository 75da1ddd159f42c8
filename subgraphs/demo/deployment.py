"""One running CredGraph on this machine: its folder, its ports, its processes' environment.

`make up` and the tests start the same Procfile lines with what is said here and nothing else.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Final

from subgraphs.kit.mongod import embedded_uri

ROOT: Final = Path(__file__).resolve().parents[2]
CONFIG: Final = Path("subgraphs/demo/credgraph.yaml")
DEFAULT_PORTS: Final[Mapping[str, int]] = MappingProxyType(
    {"gateway": 4000, "issuer": 4001, "wallet": 4002, "verifier": 4003, "audit": 4004}
    | {"identity": 4005, "witness_one": 4011, "witness_two": 4012}
    | {"node_one": 4021, "node_two": 4022}
)
HOST: Final = "127.0.0.1"


class DemoError(Exception):
    """Something the person at the terminal can mend; the message is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where everything of one running system lies."""

    data: Path
    ports: Mapping[str, int] = field(default_factory=lambda: DEFAULT_PORTS)
    mongodb_uri: str = ""

    @classmethod
    def from_environment(cls, values: Mapping[str, str]) -> "Deployment":
        """Reads CREDGRAPH_DATA, MONGODB_URI and NAME_PORT; DemoError on a port that can't be."""
        ports = {name: _port(values, name, default) for name, default in DEFAULT_PORTS.items()}
        for (one, port), (other, same) in combinations(sorted(ports.items()), 2):
            if port == same:
                raise DemoError(f"{one.upper()}_PORT and {other.upper()}_PORT are both {port}")
        return cls(
            data=Path(values.get("CREDGRAPH_DATA") or ROOT / ".data").resolve(),
            ports=ports,
            mongodb_uri=values.get("MONGODB_URI", ""),
        )

    @classmethod
    def running(cls, values: Mapping[str, str]) -> "Deployment":
        """What `make up` started on this data folder, at the ports it was started with."""
        named = cls.from_environment(values)
        try:
            ports = json.loads((named.data / "ports.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return named
        return replace(named, ports=ports)

    def remember(self) -> None:
        """Leaves the ports in the data folder for `running`."""
        (self.data / "ports.json").write_text(json.dumps(dict(self.ports)), encoding="utf-8")

    @property
    def uri(self) -> str:
        """Connection string that every process uses."""
        return self.mongodb_uri or embedded_uri(self.data)

    @property
    def embedded(self) -> bool:
        """True when the database is our own mongod."""
        return self.uri == embedded_uri(self.data)

    @property
    def gateway_url(self) -> str:
        """Address of the one public door."""
        return f"http://{HOST}:{self.ports['gateway']}"

    def environment(self) -> dict[str, str]:
        """What each process of the Procfile is started with."""
        inherited = dict(os.environ)
        binaries = str(Path(sys.executable).parent)
        return inherited | {
            "CREDGRAPH_DATA": str(self.data),
            "CREDGRAPH_CONFIG": inherited.get("CREDGRAPH_CONFIG", str(ROOT / CONFIG)),
            "MONGODB_URI": self.uri,
            "PATH": f"{binaries}{os.pathsep}{inherited.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            **{f"{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
        }


def _port(values: Mapping[str, str], name: str, default: int) -> int:
    text = values.get(f"{name.upper()}_PORT") or str(default)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise DemoError(f"{name.upper()}_PORT must be a port number, not {text!r}")
    return int(text)
