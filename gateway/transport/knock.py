"""One GET on a connection of its own, for questions that are no GraphQL: is a subgraph well?"""

import asyncio

import orjson

from gateway.transport.connection import Connection, ExchangeFailed
from gateway.transport.endpoint import Endpoint, tls_for, why_not

_ANSWER_BYTES = 65_536


async def knock(
    endpoint: Endpoint, seconds: float, most: int = _ANSWER_BYTES
) -> tuple[int, object]:
    """Status and JSON of an answer of `most` so many bytes; 0 and a few words where none came.
    Never raises."""
    loop = asyncio.get_running_loop()
    lines = (f"GET {endpoint.target} HTTP/1.1", f"host: {endpoint.authority}", "accept: */*")
    head = "".join(f"{line}\r\n" for line in (*lines, ""))
    origin, deadline = endpoint.origin, loop.time() + seconds
    connection: Connection | None = None
    try:
        async with asyncio.timeout_at(deadline):
            _, connection = await loop.create_connection(
                lambda: Connection(answer_bytes=most),
                origin.host,
                origin.port,
                ssl=tls_for(origin),
            )
        answer = await connection.exchange(head.encode("ascii"), deadline)
        return answer.status, orjson.loads(answer.body)
    except TimeoutError:
        return 0, "no answer came in time"
    except ExchangeFailed as failure:
        return 0, failure.problem
    except OSError as error:
        return 0, why_not(error)
    except orjson.JSONDecodeError:
        return 0, "the answer is not JSON"
    finally:
        if connection is not None:
            connection.close()
