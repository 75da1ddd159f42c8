"""What goes out by hand is what the library would have sent, and what comes in is never lost."""

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from gateway.server.wire import Event, Inbox, text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_is_the_one_of_the_library(size: int) -> None:
    data = b"x" * size
    assert text_frame(data) == Frame(Opcode.TEXT, data).serialize(mask=False)


async def test_what_came_before_anybody_listened_is_handed_over_first() -> None:
    inbox, heard = Inbox(), list[Event]()
    inbox.put_nowait({"number": 1})
    inbox.put_nowait({"number": 2})
    inbox.listen(heard.append)
    inbox.put_nowait({"number": 3})
    assert [event["number"] for event in heard] == [1, 2, 3]
    inbox.listen(None)
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait({"number": 4})
    assert (await waiting, inbox.empty(), len(heard)) == ({"number": 4}, True, 3)
