"""A result that many get: put into bytes once, whatever stands around it on the wire. Pure."""

from collections.abc import Callable, Mapping

import orjson


class Encoded(dict[str, object]):
    """A body that is not changed any more, with its JSON, and with the frames made of it: those
    that name no client are the same bytes for everybody."""

    __slots__ = ("_frames", "json")

    def __init__(self, body: Mapping[str, object]) -> None:
        super().__init__(body)
        self.json = bytes(memoryview(orjson.dumps(body)))  # a copy: orjson's has room for kilobytes
        self._frames: dict[Callable[[Encoded], bytes], bytes] = {}

    def framed(self, frame: "Callable[[Encoded], bytes]") -> bytes:
        """What `frame` makes of it, made once."""
        made = self._frames.get(frame)
        if made is None:
            made = self._frames[frame] = frame(self)
        return made


def as_json(payload: object) -> object:
    """For `orjson.dumps`: the bytes that are there already, or the payload itself."""
    return orjson.Fragment(payload.json) if isinstance(payload, Encoded) else payload
