"""A client of resumable subscriptions: nothing missed, nothing twice, a gap is an error.

    store = FileStore(Path("position.json"))
    subscription = Subscription(
        transport=WebSocketTransport("wss://example.org/graphql"), query=QUERY, store=store,
        token=fetch_token,
    )
    async for event in subscription:
        act_on(event.frame)

Needs `websockets`, `httpx` and `orjson`; nothing of the server is imported.
"""

from gateway.client.errors import Gap, Incomplete, NotWelcome, Refused, SubscriptionError
from gateway.client.http import MultipartTransport, SseTransport
from gateway.client.ports import Asked, Transport
from gateway.client.position import Event, FrameNames, Position
from gateway.client.storage import FileStore, MemoryStore, PositionStore
from gateway.client.subscription import Habits, Subscription, Tally
from gateway.client.websocket import WebSocketTransport

__all__ = [
    "Asked",
    "Event",
    "FileStore",
    "FrameNames",
    "Gap",
    "Habits",
    "Incomplete",
    "MemoryStore",
    "MultipartTransport",
    "NotWelcome",
    "Position",
    "PositionStore",
    "Refused",
    "SseTransport",
    "Subscription",
    "SubscriptionError",
    "Tally",
    "Transport",
    "WebSocketTransport",
]
