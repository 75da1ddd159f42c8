"""Keeps signatures off the event loop: libcrypto releases the GIL, so threads really help."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_POOL: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="crypto")
_HERE: Final[ContextVar[bool]] = ContextVar("offload_here", default=False)


async def offload(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous crypto in a thread of a small pool."""
    if _HERE.get():
        return work(*args, **kwargs)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_POOL, lambda: work(*args, **kwargs))


@contextmanager
def in_place() -> Iterator[None]:
    """Within it nothing is handed to a thread: for a process that makes one thing after the other,
    to whom the hand-over is a cost and nothing else."""
    before = _HERE.set(True)
    try:
        yield
    finally:
        _HERE.reset(before)
