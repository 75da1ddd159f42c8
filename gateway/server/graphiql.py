"""The page for browsers: built beforehand, complete, with no request to another host."""

import asyncio
import mimetypes
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from gateway.config import Graphiql
from gateway.server.examples import read_tabs
from gateway.server.exchange import Exchange, Headers
from gateway.server.negotiate import HTML
from gateway.server.personas import LIFETIME, Personas

ASSETS: Final = "/graphiql/"
DIST: Final = Path(__file__).parents[1] / "graphiql" / "dist"
_PLAIN: Final = Path(__file__).parent / "plain.html"
_CONFIG: Final = '<script type="application/json" id="config">{}</script>'
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; img-src 'self' data:; worker-src 'self' blob:; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Final[Headers] = (
    (b"content-security-policy", _POLICY.encode("ascii")),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file of the page and, where the build left one, the same compressed beside it.

    It is read when asked for: browsers keep it for ever, so few ask, and megabytes of editor need
    not lie in the memory of every gateway."""

    media_type: str
    plain: Path
    zipped: Path | None


def find_assets(folder: Path) -> dict[str, Asset]:
    """Everything below the folder but the page itself, by its path relative to the folder."""
    if not folder.is_dir():
        return {}
    return {
        path.relative_to(folder).as_posix(): _asset(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".gz" and path.name != "index.html"
    }


class GraphiqlDoor:
    """Serves the page and its assets; a checkout without a built page gets a plain one."""

    def __init__(
        self,
        settings: Graphiql,
        personas: Personas | None,
        dist: Path = DIST,
        *,
        shows_plan: bool = False,
    ) -> None:
        self._settings, self._personas, self._shows_plan = settings, personas, shows_plan
        page = dist / "index.html"
        self._page = (page if page.is_file() else _PLAIN).read_text(encoding="utf-8")
        self._assets = find_assets(dist) | find_assets(_PLAIN.parent / "plain")

    async def page(self, exchange: Exchange) -> None:
        """The page with its settings inside; tokens only for a browser that calls us by a name
        of this machine, so that no foreign name pointed here (DNS rebinding) learns them."""
        host = (exchange.header(b"host") or "").rpartition(":")
        trusted = (host[0] or host[2]) in _LOOPBACK
        config = orjson.dumps(self._config(trusted=trusted)).decode().replace("<", "\\u003c")
        page = self._page.replace(_CONFIG, _CONFIG.replace("{}", config))
        await exchange.answer(200, f"{HTML}; charset=utf-8", page.encode(), _PAGE_HEADERS)

    async def asset(self, exchange: Exchange) -> None:
        """A file of the page, for ever the same under its name."""
        asset = self._assets.get(exchange.path.removeprefix(ASSETS))
        if asset is None:
            await exchange.answer(404, "text/plain; charset=utf-8", b"there is no such file\n")
            return
        headers = [(b"cache-control", b"public, max-age=31536000, immutable")]
        headers.append((b"vary", b"accept-encoding"))
        file = asset.plain
        if asset.zipped and "gzip" in (exchange.header(b"accept-encoding") or ""):
            headers.append((b"content-encoding", b"gzip"))
            file = asset.zipped
        body = await asyncio.to_thread(file.read_bytes)
        await exchange.answer(200, asset.media_type, body, headers)

    def _config(self, *, trusted: bool) -> Mapping[str, object]:
        tabs = read_tabs(self._settings.examples, self._settings.variables)
        return {
            "endpoint": "/graphql",
            "demo": self._personas is not None,
            "plan": self._shows_plan,
            "proofs": self._settings.trust is not None,
            "trust": self._trust(),
            "tabs": [asdict(tab) for tab in tabs],
            "personas": self._tokens(self._personas) if self._personas and trusted else [],
        }

    def _trust(self) -> str | None:
        """Whom the page's check of proofs trusts, public keys only; None while there is no file."""
        try:
            return (
                self._settings.trust.read_text(encoding="utf-8") if self._settings.trust else None
            )
        except (OSError, UnicodeDecodeError):
            return None

    def _tokens(self, personas: Personas) -> list[Mapping[str, object]]:
        now = time.time()
        return [
            {
                "name": name,
                "title": persona.title or name,
                "token": personas.token(name, now=now),
                "expiresAt": int(now + LIFETIME),
            }
            for name, persona in personas.all().items()
        ]


def _asset(path: Path) -> Asset:
    beside = path.with_name(f"{path.name}.gz")
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    media_type = f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed
    return Asset(media_type=media_type, plain=path, zipped=beside if beside.is_file() else None)
