"""A result that many get: put into bytes once, whatever stands around it on the wire. Pure."""

from collections.abc import Mapping

import orjson


class Encoded(dict[str, object]):
    """A body that is not changed any more, with its JSON."""

    __slots__ = ("json",)

    def __init__(self, body: Mapping[str, object]) -> None:
        super().__init__(body)
        self.json = bytes(memoryview(orjson.dumps(body)))  # a copy: orjson's has room for kilobytes


def as_json(payload: object) -> object:
    """For `orjson.dumps`: the bytes that are there already, or the payload itself."""
    return orjson.Fragment(payload.json) if isinstance(payload, Encoded) else payload
