"""What anybody may fetch without login: answers with a name for their bytes (RFC 9110, 13.1.2), and
the credential schemas that credentials name.
"""

from __future__ import annotations

from typing import Final

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ledger_adapter.crypto import sm3
from subgraphs.vc.asset_proof import schema_named
from subgraphs.vc.json_schema import json_schema

DAY: Final = 86_400
_MEDIA: Final = "application/schema+json"


def etag(body: bytes) -> str:
    """A strong validator."""
    return f'"{sm3.hexdigest(body)}"'


def cacheable(request: Request, body: bytes, tag: str, *, media: str, max_age: int) -> Response:
    """The bytes, or 304 to a caller who has them."""
    headers = {
        "etag": tag,
        "cache-control": f"public, max-age={max_age}",
        "access-control-allow-origin": "*",
    }
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media)


def schema_app(base: str) -> Starlette:
    """`/<name>/<version>`: the JSON Schema behind `credentialSchema.id`, for GET and HEAD."""

    async def one(request: Request) -> Response:
        version = schema_named(request.path_params["name"], request.path_params["version"])
        if version is None:
            return Response("no such schema\n", 404, media_type="text/plain")
        body = orjson.dumps(json_schema(version, base))
        return cacheable(request, body, etag(body), media=_MEDIA, max_age=DAY)

    return Starlette(routes=[Route("/{name}/{version}", one)])


def _has(given: str, tag: str) -> bool:
    """Weak comparison, which is the one for If-None-Match."""
    names = [one.strip().removeprefix("W/") for one in given.split(",")]
    return names == ["*"] or tag in names
