"""Prints the four SDLs as text under review: `python -m subgraphs.kit.sdl [--check] [name ...]`.

What federation adds for machines (`_entities`, `_service` and their types) is left out.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Final

from graphql import FieldDefinitionNode, TypeDefinitionNode, parse, print_ast, visit
from graphql.language.visitor import IDLE, REMOVE, Visitor, VisitorAction

from subgraphs.kit.federation import Schema

NAMES: Final = ("issuer", "wallet", "verifier", "audit")
FOLDER: Final = Path(__file__).parents[2] / "schema"


class _WithoutMachinery(Visitor):
    """Drops `_entities`, `_service` and their types; no schema of ours names anything else so."""

    def enter_field_definition(self, node: FieldDefinitionNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value.startswith("_") else IDLE

    def enter_scalar_type_definition(self, node: TypeDefinitionNode, *_: object) -> VisitorAction:
        return REMOVE if node.name.value.startswith("_") else IDLE

    enter_union_type_definition = enter_scalar_type_definition

    def enter_object_type_definition(self, node: TypeDefinitionNode, *_: object) -> VisitorAction:
        # not to be walked into: a type left without fields could not be printed
        return REMOVE if node.name.value.startswith("_") else IDLE


def reviewed(schema: Schema) -> str:
    """The SDL of a subgraph without federation's own machinery."""
    document = parse(schema.as_str(), no_location=True)
    return print_ast(visit(document, _WithoutMachinery())) + "\n"


def load(name: str) -> Schema:
    schema = importlib.import_module(f"subgraphs.{name}.schema").schema
    if not isinstance(schema, Schema):
        raise TypeError(f"subgraphs.{name}.schema.schema is no Schema")
    return schema


def stale(name: str) -> bool:
    """Whether the committed text is not what the code makes."""
    path = FOLDER / f"{name}.graphql"
    return not path.is_file() or path.read_text() != reviewed(load(name))


def write(name: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.graphql").write_text(reviewed(load(name)))


def main(arguments: list[str]) -> int:
    """Write, or with --check only compare; the exit code."""
    check = "--check" in arguments
    names = [one for one in arguments if not one.startswith("-")] or list(NAMES)
    if not check:
        for name in names:
            write(name)
        return 0
    old = [name for name in names if stale(name)]
    for name in old:
        print(f"schema/{name}.graphql is stale: run python -m subgraphs.kit.sdl")  # noqa: T201
    return 1 if old else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
