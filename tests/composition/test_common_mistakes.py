"""Ten mistakes of every day: what is said leads to the edit, and the edit makes it compose.

The table of docs/composition.md lists the same ones.
"""

from dataclasses import dataclass

import pytest

from gateway.composition import Composed, CompositionFailure, compose
from tests.composition.case_files import subgraphs_in

T = 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! name: String }\n'


@dataclass(frozen=True, slots=True)
class Mistake:
    """`wrong` becomes right by the edit that the advice suggests."""

    sdl: str
    code: str
    said: str
    advice: str
    wrong: str
    right: str


MISTAKES = {
    "field resolved twice": Mistake(
        f'--- a\n{T}--- b\ntype T @key(fields: "id") {{ id: ID! name: String }}',
        "INVALID_FIELD_SHARING",
        'T.name is resolved by "a" and "b"',
        'add @shareable in "a" and "b"',
        "name: String",
        "name: String @shareable",
    ),
    "directive not imported": Mistake(
        "--- a (as it stands)\nextend schema @link("
        'url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
        "type Query { q: Int @shareable }",
        "INVALID_GRAPHQL",
        "Unknown directive '@shareable'",
        'add "@shareable" to the import list of @link',
        '"@key"',
        '"@key", "@shareable"',
    ),
    "key misspelt": Mistake(
        "--- a\n" + T.replace('"id"', '"ids"'),
        "KEY_INVALID_FIELDS",
        'T has no field "ids" (did you mean "id"?)',
        "name fields that T has",
        '"ids"',
        '"id"',
    ),
    "no key to enter by": Mistake(
        "--- a\ntype Query { u: U }\ntype U @shareable { id: ID! }\n"
        "--- b\ntype U @shareable { id: ID! mail: String }",
        "SATISFIABILITY_ERROR",
        "U.mail can't be fetched by { u { mail } }",
        "give U a @key",
        "type U @shareable",
        'type U @key(fields: "id") @shareable',
    ),
    "required field not declared": Mistake(
        f"--- a\n{T}--- b\n"
        'type T @key(fields: "id") { id: ID! x: Int @requires(fields: "name") }',
        "REQUIRES_INVALID_FIELDS",
        'T has no field "name"',
        "add the field to T here, with its type and @external",
        "x: Int",
        "name: String @external x: Int",
    ),
    "external left over": Mistake(
        f'--- a\n{T}--- b\ntype T @key(fields: "id") {{ id: ID! name: String @external x: Int }}',
        "EXTERNAL_UNUSED",
        "T.name is @external, and no @key, @requires, @provides or interface here names it",
        "remove the field",
        "name: String @external",
        "",
    ),
    "types differ": Mistake(
        "--- a\ntype Query { v: V }\ntype V @shareable { x: Int }\n"
        "--- b\ntype V @shareable { x: String }",
        "FIELD_TYPE_MISMATCH",
        'V.x is Int and String in "a" and "b"',
        "give it the same type everywhere",
        "x: String",
        "x: Int",
    ),
    "enum value in one subgraph": Mistake(
        "--- a\ntype Query { f(e: E): E }\nenum E { A B }\n--- b\nenum E { A B C }",
        "ENUM_VALUE_MISMATCH",
        'E.C is defined in "b" and missing in "a"',
        'add C in "a"',
        "{ A B }",
        "{ A B C }",
    ),
    "argument in one subgraph": Mistake(
        "--- a\ntype Query { q(n: Int!): Int @shareable }\n--- b\ntype Query { q: Int @shareable }",
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        'Query.q(n:) is required in "a" and missing in "b"',
        'add the argument in "b"',
        "q: Int",
        "q(n: Int!): Int",
    ),
    "type only extended": Mistake(
        '--- a\ntype Query { q: Int }\nextend type R @key(fields: "id") { id: ID! x: Int }',
        "EXTENSION_WITH_NO_BASE",
        "R is only extended",
        "define R without extend",
        "extend type R",
        "type R",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_what_is_said_leads_to_the_edit(mistake: Mistake) -> None:
    result = compose(subgraphs_in(mistake.sdl + "\n"))
    assert isinstance(result, CompositionFailure)
    (error,) = result.errors
    assert error.code == mistake.code
    assert mistake.said in error.message
    assert mistake.advice in error.advice


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_the_edit_makes_it_compose(mistake: Mistake) -> None:
    mended = mistake.sdl.replace(mistake.wrong, mistake.right)
    assert isinstance(compose(subgraphs_in(mended + "\n")), Composed)
