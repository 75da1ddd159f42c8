"""What witnesses say they have signed last: how far a log has been seen by others."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True)
class Heard:
    """`size` of the last head of a log that a witness signed; None when it gave no answer."""

    name: str
    size: int | None


async def hear(http: httpx.AsyncClient, urls: Mapping[str, str], origin: str) -> list[Heard]:
    """Ask every witness, by name and address."""
    return [Heard(name, await _size(http, url, origin)) for name, url in urls.items()]


async def _size(http: httpx.AsyncClient, url: str, origin: str) -> int | None:
    try:
        answer = await http.get(f"{url.rstrip('/')}/health", timeout=10)
        answer.raise_for_status()
        return int(answer.json()["sizes"].get(origin, 0))
    except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError):
        return None
