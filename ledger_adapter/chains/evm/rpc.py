"""One node over JSON-RPC: every call has a deadline, every answer a greatest size."""

import asyncio
import itertools
import json
from typing import Final

import httpx

from ledger_adapter.errors import ChainUnavailable

MAX_ANSWER: Final = 8_388_608


class NodeFault(ChainUnavailable):
    """A node gave no well-formed answer in time."""


class NodeRefusal(Exception):
    """A node answered with an error of its own. Its words differ per client: for people only."""


class Rpc:
    """One node's address. `name` is safe to show: it holds no password."""

    def __init__(self, url: str, http: httpx.AsyncClient, *, deadline: float) -> None:
        parsed = httpx.URL(url)
        self.name = f"{parsed.host}:{parsed.port or (443 if parsed.scheme == 'https' else 80)}"
        self._url, self._http, self._deadline = url, http, deadline
        self._ids = itertools.count(1)

    async def call(self, method: str, *params: object) -> object:
        """The result. NodeFault when there is none, NodeRefusal when the node says no."""
        number = next(self._ids)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        try:
            async with asyncio.timeout(self._deadline):
                raw = await self._post(json.dumps(request).encode())
        except TimeoutError:
            raise NodeFault(f"{self.name} gave no answer to {method} in time") from None
        except httpx.HTTPError as fault:
            raise NodeFault(f"{self.name}: {type(fault).__name__} {fault}".strip()) from None
        return self._result(raw, number)

    async def _post(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        async with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
            parts, size = [], 0
            async for part in answer.aiter_bytes():
                parts.append(part)
                size += len(part)
                if size > MAX_ANSWER:
                    raise NodeFault(f"{self.name} answers with more than {MAX_ANSWER} bytes")
        return b"".join(parts)

    def _result(self, raw: bytes, number: int) -> object:
        try:
            answer = json.loads(raw)
        except (ValueError, RecursionError):
            raise NodeFault(f"{self.name} does not answer with JSON") from None
        if not isinstance(answer, dict) or answer.get("id") != number:
            raise NodeFault(f"{self.name} does not answer what it was asked")
        if answer.get("error") is not None:
            raise NodeRefusal(f"{self.name}: {str(answer['error'])[:300]}")
        return answer.get("result")
