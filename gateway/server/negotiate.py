"""Which of our media types a client's `Accept` header likes best. Pure."""

from functools import lru_cache
from typing import Final

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"
MULTIPART: Final = "multipart/mixed;subscriptionspec=1.0"
DEFERRED: Final = "multipart/mixed;deferspec=20220824"
"""`@defer`; whoever takes `multipart/mixed` of any kind takes this one."""
STREAMS: Final = frozenset({EVENT_STREAM, MULTIPART, DEFERRED})
"""Only for clients that name them: nobody who takes anything wants to get a stream."""
HTML: Final = "text/html"
_SPECS: Final = frozenset({"subscriptionspec", "deferspec"})
_QUOTES: Final = "\"'"
_WORTH_KEEPING: Final = 200  # characters; longer headers are rare and would fill the memory


def choose(accept: str | None, offers: tuple[str, ...]) -> str | None:
    """The offer with the highest quality; among equals the one the client names first, then ours.

    No header accepts everything. None means that nothing we have is acceptable."""
    if accept is None or not accept.strip():
        return offers[0]
    if len(accept) <= _WORTH_KEEPING:
        return _remembered(accept, offers)
    return _choose(accept, offers)


@lru_cache(maxsize=256)
def _remembered(accept: str, offers: tuple[str, ...]) -> str | None:
    return _choose(accept, offers)


def _choose(accept: str, offers: tuple[str, ...]) -> str | None:
    ranges = [_read(item, place) for place, item in enumerate(accept.split(","))]
    ranked = [(_rank(offer, ranges), -place, offer) for place, offer in enumerate(offers)]
    best = max(ranked)
    return best[2] if best[0][0] > 0 else None


def _read(item: str, place: int) -> tuple[str, float, int]:
    name, *parameters = (part.strip().lower() for part in item.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            quality = _quality(value.strip())
        elif key.strip() in _SPECS:
            name = f"{name};{key.strip()}={value.strip().strip(_QUOTES)}"
    return (DEFERRED if name == "multipart/mixed" else name), quality, place


def _quality(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0


def _rank(offer: str, ranges: list[tuple[str, float, int]]) -> tuple[float, int, int]:
    """Quality, specificity, earliness: of the most specific range that matches the offer."""
    best = (0.0, -1, 0)
    specificity = -1
    for name, quality, place in ranges:
        fit = _specificity(offer, name)
        if fit > specificity:
            specificity = fit
            best = (quality, fit, -place)
    return best


def _specificity(offer: str, name: str) -> int:
    if name == offer:
        return 2
    if offer in STREAMS:
        return -1
    if name == f"{offer.partition('/')[0]}/*":
        return 1
    return 0 if name == "*/*" else -1
