"""What callers could slip into a filter, a cursor or an id, at every door an input has: every text,
id, cursor and JSON argument of the composed schema through the gateway of a running system, and
the representations that each subgraph takes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, get_named_type, is_input_object_type, is_list_type

from subgraphs.kit.ids import BY_TYPE, new_id
from tests.access.asking import SUBGRAPHS, context_token, subgraph_schema
from tests.access.matrix import api, changes, is_there, output_fields, selection
from tests.access.test_matrix import subgraph_url
from tests.access.world import Asking, World, client

OPERATORS: Final[Mapping[str, object]] = {
    "an operator": {"$ne": ""},
    "code": {"$where": "sleep(5000) || true"},
    "a pattern": {"$regex": ".*"},
    "a list of operators": [{"$gt": ""}],
    "an operator as text": '{"$ne": ""}',
    "a dollar": "$where",
    "a dotted key": "holder.$ne",
    "a zero byte": "x\x00y",
}
UNMEANT: Final = {None, "INTERNAL", "INTERNAL_SERVER_ERROR", "DOWNSTREAM_SERVICE_ERROR"}
ROLE_OF_ROOT: Final = {
    **dict.fromkeys(("issuedCredentials", "overdueRechecks"), "issuer"),
    "credentialRequestUpdateEvents": "issuer",
    "acceptedCredentialChangeEvents": "verifier",
    "supervisionFeedEvents": "regulator",
}
FREE: Final = {"clientMutationId", "keyId", "purpose"}
"""Texts of the caller's own: any will do, where nothing else is wrong."""


def codes(body: Any) -> set[object]:
    return {each.get("extensions", {}).get("code") for each in body.get("errors", [])}


def leaves(kind: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every leaf of an input object."""
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_input_object_type(inner):
            yield from leaves(inner, (*path, name))
        else:
            yield (*path, name)


def put(given: Mapping[str, Any], path: tuple[str, ...], value: object, listed: bool) -> Any:
    """The input with one leaf replaced."""
    name, *rest = path
    if rest:
        inner = given.get(name) or {}
        if isinstance(inner, list):
            return {**given, name: [put(inner[0], tuple(rest), value, listed)]}
        return {**given, name: put(inner, tuple(rest), value, listed)}
    return {**given, name: [value] if listed and not isinstance(value, list) else value}


def is_listed(kind: Any, path: tuple[str, ...]) -> bool:
    field = kind.fields[path[0]]
    if path[1:]:
        return is_listed(get_named_type(field.type), path[1:])
    return is_list_type(getattr(field.type, "of_type", None) or field.type)


def role_of(mutation: str) -> str:
    desks = {"bindCustomer": "verifier", "createPresentationRequest": "verifier"} | {
        "verifyPresentation": "verifier",
        "grantPermission": "verifier",
        "decideReview": "verifier",
        "recordPaperEvidence": "verifier",
    }
    issuing = ("bindCustomerAccount", "compile", "issue", "reject", "endorse", "revoke")
    return desks.get(mutation) or ("issuer" if mutation.startswith(issuing) else "holder")


def mutations() -> list[str]:
    root = api().mutation_type
    assert root is not None
    return sorted(root.fields)


@pytest.mark.parametrize("field", mutations())
async def test_no_leaf_of_a_change_is_an_operator(world: World, field: str) -> None:
    """All ids are of nothing: whatever finds something was not looked up as what it is."""
    schema = api()
    assert schema.mutation_type is not None
    kind = get_named_type(schema.mutation_type.fields[field].args["input"].type)
    unknown = {type_: new_id(BY_TYPE[type_].prefix) for type_ in world.ids}
    document, variables = changes(schema, [field], unknown)
    token = world.token(role_of(field))
    async with client() as http:
        for path in leaves(kind):
            for name, value in OPERATORS.items():
                given = put(variables[field], path, value, is_listed(kind, path))
                body = await http.ask(world.stack.url, document, {field: given}, token)
                place = f"{field}.{'.'.join(path)}, {name}: {body}"
                assert not codes(body) & UNMEANT, place
                answer = (body.get("data") or {}).get(field) or {"__typename": "error"}
                free = path[-1] in FREE and isinstance(value, str)
                assert free or not str(answer["__typename"]).endswith("Success"), place


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{ acceptances(first: 1000) { edges { node { id } } } }", "1 to 100"),
        ('{ case(id: "garbage") { id } }', "no case is about this"),
    ],
)
async def test_a_caller_reads_why_a_query_is_refused(world: World, query: str, words: str) -> None:
    async with client() as http:
        body = await http.ask(world.stack.url, query, {}, world.token("regulator"))
    (error,) = body["errors"]
    assert words in error["message"], error


def questions() -> list[Any]:
    """Every argument of a root query but counts: field, argument, way below it."""
    query = api().query_type
    assert query is not None
    return [
        pytest.param(name, argument, way, id=".".join((name, argument, *way)))
        for name, field in query.fields.items()
        for argument, given in field.args.items()
        for way in ways(get_named_type(given.type))
    ]


def ways(kind: Any) -> list[tuple[str, ...]]:
    if is_input_object_type(kind):
        return list(leaves(kind))
    return [] if kind.name == "Int" else [()]


@pytest.mark.parametrize(("name", "argument", "way"), questions())
async def test_no_argument_of_a_query_is_an_operator(
    world: World, name: str, argument: str, way: tuple[str, ...]
) -> None:
    query = api().query_type
    assert query is not None
    field = query.fields[name]
    kind = field.args[argument].type
    heads = f"$x: {kind}" + (", $did: DID!" if name == "resolveDid" and argument != "did" else "")
    given = "did: $did, " if "$did" in heads else ""
    document = f"query Q({heads}) {{ {name}({given}{argument}: $x){selection(api(), field)} }}"
    token = world.token(ROLE_OF_ROOT.get(name, "holder"))
    async with client() as http:
        for told, value in OPERATORS.items():
            listed = is_list_type(kind) or (bool(way) and is_listed(get_named_type(kind), way))
            here = [value] if listed and not way and not isinstance(value, list) else value
            sent = put({}, way, value, listed) if way else here
            used = {"x": sent} | ({"did": world.did} if given else {})
            body = await http.ask(world.stack.url, document, used, token)
            assert not codes(body) & UNMEANT, (told, body)
            found = (body.get("data") or {}).get(name)
            assert codes(body) or not is_there(found), (told, body)


@pytest.mark.parametrize("room", SUBGRAPHS)
async def test_no_representation_is_an_operator(world: World, room: str) -> None:
    """Representations are JSON: here an operator would pass every type check."""
    schema, token = subgraph_schema(room), context_token(world, room, world.claims["regulator"])
    async with client() as http:
        for type_ in world.ids:
            field = a_field(schema.type_map.get(type_))
            if field is None:
                continue
            document = (
                "query E($r: [_Any!]!) { _entities(representations: $r)"
                f" {{ ... on {type_} {{ found: {field} }} }} }}"
            )
            for key in keys_of(schema.type_map[type_]):
                for name, value in OPERATORS.items():
                    used = {"r": [{"__typename": type_, key: value}]}
                    body = await http.ask(subgraph_url(world, room), document, used, token)
                    place = f"{room} {type_}.{key}, {name}: {body}"
                    assert not codes(body) & UNMEANT, place
                    for one in (body.get("data") or {}).get("_entities") or ():
                        assert not is_there((one or {}).get("found")), place


def keys_of(type_: Any) -> list[str]:
    """The single fields by which this subgraph finds an entity."""
    given = [
        argument.value.value
        for each in type_.ast_node.directives
        for argument in each.arguments
        if (each.name.value, argument.name.value) == ("key", "fields")
    ]
    return [key for key in given if key.isidentifier()]


def a_field(type_: object) -> str | None:
    """A plain field of an entity that this subgraph itself answers."""
    if not isinstance(type_, GraphQLObjectType):
        return None
    for name, field in type_.fields.items():
        words = {each.name.value for each in ((field.ast_node and field.ast_node.directives) or ())}
        plain = name != "id" and selection(api(), field) == "" and not field.args
        if plain and not words & {"external", "requires"}:
            return str(name)
    return None


@pytest.mark.parametrize("room", SUBGRAPHS)
@pytest.mark.parametrize("role", ["other_holder", "other_issuer", "other_verifier", "nobody"])
async def test_an_id_that_was_guessed_tells_no_more_than_one_that_is_not_there(
    world: World, room: str, role: str
) -> None:
    schema, token = subgraph_schema(room), context_token(world, room, world.claims[role])
    public = {"Institution", "CredentialSchema"}
    types = [
        each for each in world.ids if a_field(schema.type_map.get(each)) and each not in public
    ]
    if not types:
        pytest.skip("it has no objects of its own that are not public")
    parts = " ".join(
        f"... on {each} {{ {each}: {a_field(schema.type_map[each])} }}" for each in types
    )
    document = f"query E($r: [_Any!]!) {{ _entities(representations: $r) {{ {parts} }} }}"
    async with client() as http:
        answers = [
            await http.ask(
                subgraph_url(world, room),
                document,
                {"r": [{"__typename": each, "id": id_of(each)} for each in types]},
                token,
            )
            for id_of in (world.ids.__getitem__, lambda each: new_id(BY_TYPE[each].prefix))
        ]
    assert answers[0] == answers[1]


def resumed_lists() -> list[tuple[str, str]]:
    """Every field that takes a cursor: at the root, or of a node."""
    owners = {"Query", *BY_TYPE}
    return [
        (owner, name)
        for owner, name in output_fields(api())
        if owner in owners and "after" in api().type_map[owner].fields[name].args  # type: ignore[attr-defined]
    ]


@pytest.mark.parametrize(("owner", "name"), resumed_lists())
async def test_a_cursor_that_was_forged_or_borrowed_opens_nothing(
    world: World, owner: str, name: str
) -> None:
    own = ROLE_OF_ROOT.get(name, "issuer" if name == "impacts" else "holder")
    token = world.token(
        "regulator" if name == "supervisionFeedEvents" else own.replace("issuer", "issuer")
    )
    async with client() as http:
        true = await a_cursor(http, world)
        flipped = true[:-2] + ("A" if true[-2] != "A" else "B") + true[-1]
        for forged in (true, flipped, true[: len(true) // 2], "AAAA", "eyJpZCI6MX0", "1", "$gt"):
            text = f"{name}(after: $c){selection(api(), field_of(owner, name))}"
            if owner != "Query":
                text = f"node(id: $id) {{ ... on {owner} {{ {text} }} }}"
            heads = "$c: Cursor!" + (", $id: ID!" if owner != "Query" else "")
            used = {"c": forged} | ({"id": world.ids[owner]} if owner != "Query" else {})
            body = await http.ask(world.stack.url, f"query C({heads}) {{ {text} }}", used, token)
            if (owner, name) == ("Query", "institutions") and forged == true:
                continue
            found = (body.get("data") or {}).get("node" if owner != "Query" else name)
            found = (found or {}).get(name) if owner != "Query" else found
            assert not is_there(found), (forged, body)
            assert codes(body), (forged, body)
            assert not codes(body) & UNMEANT, (forged, body)


def field_of(owner: str, name: str) -> Any:
    return api().type_map[owner].fields[name]  # type: ignore[attr-defined]


async def a_cursor(http: Asking, world: World) -> str:
    """A true one, of a list that everybody may read."""
    text = "{ institutions(first: 1) { edges { cursor } } }"
    body = await http.ask(world.stack.url, text, {}, world.token("holder"))
    return str(json.loads(json.dumps(body))["data"]["institutions"]["edges"][0]["cursor"])
