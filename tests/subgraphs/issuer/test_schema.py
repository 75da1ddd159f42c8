"""The issuer's SDL as it is reviewed."""

from graphql import parse, print_ast
from graphql.language import ObjectTypeDefinitionNode

from subgraphs.issuer.schema import schema
from subgraphs.kit import sdl

ENTITIES = {"Credential", "CredentialSchema", "Endorsement", "Holder", "Institution"}


def test_the_committed_text_is_what_the_code_makes() -> None:
    assert not sdl.stale("issuer"), "run python -m subgraphs.kit.sdl issuer"


def types() -> dict[str, ObjectTypeDefinitionNode]:
    document = parse(sdl.reviewed(schema))
    found = [one for one in document.definitions if isinstance(one, ObjectTypeDefinitionNode)]
    return {one.name.value: one for one in found}


def test_on_an_entity_only_the_id_is_non_null() -> None:
    for name in ENTITIES:
        for field in types()[name].fields or ():
            assert (field.type.kind == "non_null_type") == (field.name.value == "id"), field.name


def test_everything_is_described() -> None:
    for name, one in types().items():
        assert one.description or name in {"Query", "Mutation", "Subscription"}, name
        for field in one.fields or ():
            assert field.description, f"{name}.{field.name.value}"
            assert all(argument.description for argument in field.arguments or ()), field.name


def test_every_mutation_takes_one_input_and_answers_a_union_of_refusals() -> None:
    for field in types()["Mutation"].fields or ():
        assert [argument.name.value for argument in field.arguments or ()] == ["input"]
        name = field.name.value
        assert print_ast(field.type) == f"{name[0].upper()}{name[1:]}Result!"
