"""The file that names the subgraphs of a supergraph; paths in it count from its own folder."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.composition import Hint, HintCode
from gateway.config.file import read_settings_file
from gateway.config.section import Section
from gateway.errors import BadSettings
from gateway.spec.names import SubgraphName


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphEntry:
    """One subgraph: where it answers, and where its SDL lies.

    `file` is a path or a pattern (`issuer/*.graphql`); without it the running subgraph is asked.
    """

    name: SubgraphName
    url: str
    file: Path | None
    ask: str
    """The URL that is asked for the SDL where there is no file."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowedHint:
    """A hint that somebody looked at: its code, a piece of its message, and why it may stay."""

    code: HintCode
    about: str
    reason: str

    def covers(self, hint: Hint) -> bool:
        return hint.code is self.code and self.about in hint.message


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeConfig:
    """The whole file."""

    path: Path
    subgraphs: tuple[SubgraphEntry, ...]
    supergraph: Path
    api: Path | None
    """Where the schema that clients see is written; nowhere unless the file names it."""
    failing: frozenset[HintCode]
    """Hints with these codes fail the build; others are only told."""
    allowed: tuple[AllowedHint, ...]
    timeout: float

    def fails(self, hint: Hint) -> bool:
        """Whether this hint stops the build."""
        return hint.code in self.failing and self.reason(hint) is None

    def reason(self, hint: Hint) -> str | None:
        """Why this hint may stay, in the words of whoever allowed it."""
        return next((each.reason for each in self.allowed if each.covers(hint)), None)

    def unused(self, hints: Sequence[Hint]) -> Iterator[str]:
        for each in self.allowed:
            if not any(each.covers(hint) for hint in hints):
                yield f"{each.code} {each.about}".strip()


def read_compose_config(path: Path, output: Path | None) -> ComposeConfig:
    """Raises BadSettings for whatever is missing, unknown or wrong, with file and line."""
    file = read_settings_file(path, os.environ)
    try:
        return _read(Section(file.values, ""), path, output)
    except BadSettings as error:
        raise file.locate(error) from None


def _read(root: Section, path: Path, output: Path | None) -> ComposeConfig:
    folder = path.parent
    supergraph = folder / root.text("supergraph", "supergraph.graphql")
    named = root.optional("api")
    api = folder / named if named else None
    config = ComposeConfig(
        path=path,
        subgraphs=tuple(_subgraphs(root.section("subgraphs"), folder)),
        supergraph=output or supergraph,
        api=output.with_name(api.name) if output and api else api,
        failing=frozenset(_failing(root)),
        allowed=tuple(_allowed(root.sections("allowed_hints"))),
        timeout=root.seconds("timeout", 10.0, high=300.0),
    )
    root.finish()
    return config


def _subgraphs(section: Section, folder: Path) -> Iterator[SubgraphEntry]:
    if not section.names():
        raise BadSettings(section.path, "must name at least one subgraph")
    for name in section.names():
        each = section.section(name)
        url, file = each.text("url"), each.optional("file")
        headers = each.section("headers")
        yield SubgraphEntry(
            name=SubgraphName(name),
            url=url,
            file=folder / file if file else None,
            ask=each.text("ask", url),
            headers={key: headers.text(key) for key in headers.names()},
        )
        each.finish()


def _failing(root: Section) -> Iterable[HintCode]:
    """`failing_hints: all` (as without it), `none`, or a list of codes."""
    value = root.raw("failing_hints")
    if value in (None, "all"):
        return HintCode
    if value == "none":
        return ()
    return [_code(code, "failing_hints") for code in root.texts("failing_hints")]


def _allowed(entries: Iterable[Section]) -> Iterator[AllowedHint]:
    for each in entries:
        yield AllowedHint(
            code=_code(each.text("code"), each.key("code")),
            about=each.text("about", ""),
            reason=each.text("reason"),
        )
        each.finish()


def _code(text: str, key: str) -> HintCode:
    if text not in HintCode.__members__:
        raise BadSettings(key, f"{text} is no code of a hint")
    return HintCode(text)
