"""Answers in parts (`@defer`): what can be told now first, the rest as it comes."""

from collections.abc import AsyncIterator, Mapping

import orjson

from gateway.engine import GatewayResponse
from gateway.server.admission import Admission, Admitted, Told


def is_whole(response: GatewayResponse) -> bool:
    """Whether nothing follows this body, so that it need not be sent in parts."""
    return response.body.get("hasNext") is not True


async def told_parts(
    admission: Admission,
    admitted: Admitted,
    first: GatewayResponse,
    rest: AsyncIterator[GatewayResponse],
) -> AsyncIterator[Told]:
    """Every body as the caller sees it; each says whether others follow."""
    whole = Whole() if "cost" in admitted.caller.wants else None
    yield told_part(admission, admitted, first, whole)
    async for response in rest:
        yield told_part(admission, admitted, response, whole)


def told_part(
    admission: Admission, admitted: Admitted, response: GatewayResponse, whole: "Whole | None"
) -> Told:
    """One body as the caller sees it; `whole` grows by it where the caller wants to know costs."""
    if whole is not None:
        whole.add(response.body)
    body = {"hasNext": False, **response.body}
    response = GatewayResponse(body=body, request_error=response.request_error)
    return admission.tell_part(admitted, response, whole.data if whole else None)


class Whole:
    """The data of an answer as it grows; a copy, for the parts are still the engine's."""

    def __init__(self) -> None:
        self.data: object = None

    def add(self, body: Mapping[str, object]) -> None:
        """One more body has come."""
        if "data" in body:
            self.data = _copied(body["data"])
        parts = body.get("incremental")
        for part in parts if isinstance(parts, list) else ():
            _merge(_place(self.data, part["path"]), _copied(part.get("data")))


def _copied(data: object) -> object:
    copy: object = orjson.loads(orjson.dumps(data))
    return copy


def _place(data: object, path: list[str | int]) -> object:
    for step in path:
        if isinstance(data, list) and isinstance(step, int):
            data = data[step]
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data


def _merge(into: object, data: object) -> None:
    if isinstance(into, dict) and isinstance(data, dict):
        for name, value in data.items():
            if isinstance(into.get(name), dict | list):
                _merge(into[name], value)
            else:
                into[name] = value
    elif isinstance(into, list) and isinstance(data, list):
        for before, value in zip(into, data, strict=False):
            _merge(before, value)
