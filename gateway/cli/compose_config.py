"""The file that names the subgraphs of a supergraph; paths in it count from its own folder."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.composition import Hint, HintCode
from gateway.config.file import read_settings_file
from gateway.config.section import Section
from gateway.errors import BadSettings
from gateway.spec.names import SubgraphName


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgraphFile:
    """One subgraph: where its SDL lies and where it answers."""

    name: SubgraphName
    file: Path
    url: str


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

    subgraphs: tuple[SubgraphFile, ...]
    supergraph: Path
    api: Path
    allowed: tuple[AllowedHint, ...]

    def allows(self, hint: Hint) -> bool:
        return any(each.covers(hint) for each in self.allowed)

    def unused(self, hints: Sequence[Hint]) -> Iterator[str]:
        for each in self.allowed:
            if not any(each.covers(hint) for hint in hints):
                yield f"{each.code} {each.about}".strip()


def read_compose_config(path: Path, output: Path | None) -> ComposeConfig:
    """Raises BadSettings for whatever is missing, unknown or wrong, with file and line."""
    file = read_settings_file(path, os.environ)
    try:
        return _read(Section(file.values, ""), path.parent, output)
    except BadSettings as error:
        raise file.locate(error) from None


def _read(root: Section, folder: Path, output: Path | None) -> ComposeConfig:
    supergraph = folder / root.text("supergraph", "supergraph.graphql")
    api = folder / root.text("api", "api.graphql")
    config = ComposeConfig(
        subgraphs=tuple(_subgraphs(root.section("subgraphs"), folder)),
        supergraph=output or supergraph,
        api=output.with_name(api.name) if output else api,
        allowed=tuple(_allowed(root.sections("allowed_hints"))),
    )
    root.finish()
    return config


def _subgraphs(section: Section, folder: Path) -> Iterator[SubgraphFile]:
    if not section.names():
        raise BadSettings(section.path, "must name at least one subgraph")
    for name in section.names():
        each = section.section(name)
        yield SubgraphFile(
            name=SubgraphName(name), file=folder / each.text("file"), url=each.text("url")
        )
        each.finish()


def _allowed(entries: Iterable[Section]) -> Iterator[AllowedHint]:
    for each in entries:
        code = each.text("code")
        if code not in HintCode.__members__:
            raise BadSettings(each.key("code"), f"{code} is no code of a hint")
        yield AllowedHint(
            code=HintCode(code), about=each.text("about", ""), reason=each.text("reason")
        )
        each.finish()
