"""Where the SDL of each subgraph comes from: a file, several files, or the running subgraph.

Laws: a subgraph that can't be read is an error beside all others, never the end of the run; a
place in joined SDL leads back to the file that holds the line.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from gateway.cli.compose_config import ComposeConfig, SubgraphEntry
from gateway.composition import CompositionError, ErrorCode, Place, SubgraphSource
from gateway.errors import BadSettings
from gateway.spec.names import SubgraphName

MAX_BYTES: Final = 32 * 1024 * 1024
_ASKED: Final = {"query": "query SubgraphSdl { _service { sdl } }", "operationName": "SubgraphSdl"}
_PATTERN: Final = frozenset("*?[")
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Piece:
    """One file (or answer) of a subgraph; `first` is its first line in the joined SDL."""

    origin: str
    first: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Everything that could be read, and an error for each subgraph that could not."""

    sources: tuple[SubgraphSource, ...]
    pieces: Mapping[SubgraphName, Sequence[Piece]]
    faults: tuple[CompositionError, ...]

    def locate(self, place: Place) -> tuple[str, int, str]:
        """Origin, line in it, and the text of that line."""
        found = None
        for piece in self.pieces.get(place.subgraph, ()):
            if piece.first <= place.line:
                found = piece
        if found is None:
            return place.subgraph, place.line, ""
        line = place.line - found.first + 1
        lines = found.text.split("\n")
        return found.origin, line, lines[line - 1].rstrip() if line <= len(lines) else ""


class NotReadError(Exception):
    """Why the SDL of one subgraph is not to be had, where it was looked for, what to do."""

    def __init__(self, origin: str, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.origin, self.problem, self.advice = origin, problem, advice


def gather(config: ComposeConfig) -> Gathered:
    """Read all subgraphs; running ones are asked side by side."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        answers = list(pool.map(lambda each: _answer(each, config.timeout), config.subgraphs))
    sources: list[SubgraphSource] = []
    faults: list[CompositionError] = []
    pieces: dict[SubgraphName, Sequence[Piece]] = {}
    for entry, answer in zip(config.subgraphs, answers, strict=True):
        if isinstance(answer, NotReadError):
            faults.append(_fault(entry.name, answer))
            pieces[entry.name] = [Piece(answer.origin, 1, "")]
            continue
        pieces[entry.name] = answer
        sdl = "\n".join(piece.text for piece in answer)
        sources.append(SubgraphSource(name=entry.name, url=entry.url, sdl=sdl))
    return Gathered(sources=tuple(sources), pieces=pieces, faults=tuple(faults))


def read_sources(config: ComposeConfig) -> list[SubgraphSource]:
    """All subgraphs; raises BadSettings naming the first that can't be read."""
    gathered = gather(config)
    for fault in gathered.faults:
        raise BadSettings(f"subgraphs.{fault.subgraph}", fault.message)
    return list(gathered.sources)


def _answer(entry: SubgraphEntry, timeout: float) -> list[Piece] | NotReadError:
    try:
        if entry.file is None:
            return [Piece(entry.ask, 1, _asked(entry, timeout))]
        return _joined(_files(entry.file))
    except NotReadError as error:
        return error


def _fault(name: SubgraphName, error: NotReadError) -> CompositionError:
    return CompositionError(
        code=ErrorCode.SUBGRAPH_NOT_READ,
        message=f"[{name}] {error.problem}",
        places=(Place(subgraph=name, line=1, column=1),),
        advice=error.advice,
    )


def _files(pattern: Path) -> list[Path]:
    if not _PATTERN & set(str(pattern.name)) and not _PATTERN & set(str(pattern.parent)):
        return [pattern]
    root = next(p for p in (pattern, *pattern.parents) if not _PATTERN & set(str(p)))
    found = sorted(p for p in root.glob(str(pattern.relative_to(root))) if p.is_file())
    if not found:
        raise NotReadError(
            str(pattern), f"no file is called {pattern}", "correct the pattern of `file`"
        )
    return found


def _joined(files: Sequence[Path]) -> list[Piece]:
    pieces: list[Piece] = []
    first = 1
    for path in files:
        text = _text(path)
        pieces.append(Piece(str(path), first, text))
        first += text.count("\n") + 1
    return pieces


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except OSError as error:
        problem = f"cannot read {path}: {error.strerror}"
        raise NotReadError(str(path), problem, "correct the path of `file`") from None
    except UnicodeDecodeError:
        problem = f"cannot read {path}: it is not UTF-8 text"
        raise NotReadError(str(path), problem, "save the file as UTF-8") from None


def _asked(entry: SubgraphEntry, timeout: float) -> str:
    """The SDL as the running subgraph tells it."""
    try:
        with httpx.Client(timeout=timeout, follow_redirects=False) as client:
            response, body = _post(client, entry)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise NotReadError(
            entry.ask, f"no answer from {entry.ask}: {reason}", "start the subgraph, or name a file"
        ) from None
    return _sdl(entry.ask, response, body)


def _post(client: httpx.Client, entry: SubgraphEntry) -> tuple[httpx.Response, bytes]:
    headers = {"accept": "application/json", **entry.headers}
    with client.stream("POST", entry.ask, json=_ASKED, headers=headers) as response:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                problem = f"{entry.ask} answered with more than {MAX_BYTES} bytes"
                raise NotReadError(entry.ask, problem, "name a file instead")
        return response, bytes(body)


def _sdl(url: str, response: httpx.Response, body: bytes) -> str:
    kind = response.headers.get("content-type", "no content type").partition(";")[0]
    try:
        answer = json.loads(body)
    except ValueError:
        begins = body[:_SHOWN].decode("utf-8", "replace").split("\n")[0]
        raise NotReadError(
            url,
            f"{url} answered {response.status_code} with {kind} instead of JSON: {begins!r}",
            "give the URL of the subgraph's GraphQL endpoint",
        ) from None
    sdl = _dig(answer, "data", "_service", "sdl")
    if isinstance(sdl, str):
        return sdl.replace("\r\n", "\n")
    told = next(_messages(answer), "the answer holds no data._service.sdl")
    raise NotReadError(
        url,
        f"{url} answered {response.status_code} without its SDL: {told}",
        "let the subgraph answer { _service { sdl } }, or send what it asks for with `headers`",
    )


def _dig(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _messages(answer: object) -> Iterator[str]:
    errors = _dig(answer, "errors")
    for error in errors if isinstance(errors, list) else ():
        message = _dig(error, "message")
        if isinstance(message, str):
            yield message
