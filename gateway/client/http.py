"""Over one long HTTP answer: server-sent events, or Apollo's multipart protocol."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from typing import Final, cast

import httpx

from gateway.client.errors import Lost, Refused, Unwelcome, code_of
from gateway.client.ports import Asked

_EVENTS: Final = "text/event-stream"
_PARTS: Final = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
_BOUNDARY: Final = b"\r\n--graphql"
_LATER: Final = frozenset({408, 429, 500, 502, 503, 504})
_TOKEN_CODE: Final = "UNAUTHENTICATED"  # noqa: S105 - an error code

Body = Mapping[str, object]
Reader = Callable[[AsyncIterator[bytes]], AsyncGenerator[Body, None]]


class _HttpTransport:
    """`client` brings TLS, proxies and limits of the caller's own; without it one is made for
    each connection."""

    _accept: str
    _read: Reader

    def __init__(self, url: str, *, client: httpx.AsyncClient | None = None) -> None:
        self._url, self._client = url, client

    async def results(self, asked: Asked, /) -> AsyncGenerator[Body, None]:
        """Execution results until the server completes."""
        own = self._client is None
        client = self._client or httpx.AsyncClient(trust_env=False)
        try:
            async for result in self._over(client, asked):
                yield result
        except httpx.HTTPError as error:
            raise Lost(f"the answer broke off: {type(error).__name__}") from error
        finally:
            if own:
                await client.aclose()

    async def _over(self, client: httpx.AsyncClient, asked: Asked) -> AsyncGenerator[Body, None]:
        headers = {"accept": self._accept}
        if asked.token is not None:
            headers["authorization"] = f"Bearer {asked.token}"
        timeout = httpx.Timeout(10.0, read=None)
        async with client.stream(
            "POST", self._url, json=asked.payload(), headers=headers, timeout=timeout
        ) as answer:
            if answer.status_code != 200:
                raise _fault(answer.status_code, await answer.aread())
            reading = type(self)._read(answer.aiter_raw())
            async for result in reading:
                _check_token(result)
                yield result


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Body, None]:
    """The results in a stream of server-sent events; returns at `complete`."""
    rest = b""
    async for chunk in chunks:
        *events, rest = (rest + chunk).split(b"\n\n")
        for event in events:
            fields = dict(_field(line) for line in event.split(b"\n") if line)
            if fields.get(b"event") == b"complete":
                return
            if fields.get(b"event") == b"next":
                yield json.loads(fields[b"data"])
    raise Lost("the answer ended without `complete`")


async def read_parts(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Body, None]:
    """The results in a multipart answer; returns at its last boundary. A failure of the stream
    itself is a result without data."""
    rest = b""
    async for chunk in chunks:
        *parts, rest = (rest + chunk).split(_BOUNDARY)
        for part in parts:
            _, _, text = part.partition(b"\r\n\r\n")
            value = json.loads(text) if text.strip() else {}
            if value.get("payload") is not None:
                yield value["payload"]
            elif value.get("errors"):
                yield {"data": None, "errors": value["errors"]}
        if rest.startswith(b"--"):
            return
    raise Lost("the answer ended without its last boundary")


class SseTransport(_HttpTransport):
    """`url` is `http://…/graphql`; each result is one event."""

    _accept = _EVENTS
    _read = staticmethod(read_events)


class MultipartTransport(_HttpTransport):
    """`url` is `http://…/graphql`; each result is one part."""

    _accept = _PARTS
    _read = staticmethod(read_parts)


def _field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name, value.removeprefix(b" ")


def _check_token(result: Body) -> None:
    errors = cast("list[Body]", result.get("errors") or [])
    if result.get("data") is None and any(code_of(error) == _TOKEN_CODE for error in errors):
        raise Unwelcome(str(errors[0].get("message")))


def _fault(status: int, body: bytes) -> Exception:
    if status in _LATER:
        return Lost(f"the gateway answered {status}")
    if status == 401:
        return Unwelcome("the gateway answered 401")
    try:
        errors = json.loads(body)["errors"]
    except (ValueError, KeyError, TypeError):
        errors = [{"message": f"the gateway answered {status}"}]
    if any(code_of(error) == _TOKEN_CODE for error in errors):
        return Unwelcome(str(errors[0].get("message")))
    return Refused(errors)
