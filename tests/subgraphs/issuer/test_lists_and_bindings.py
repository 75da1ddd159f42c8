"""Pages of a list, their cursors, and which account belongs to which root DID."""

from tests.subgraphs.issuer.desk import OTHER, OWN, Desk


async def test_a_cursor_serves_its_own_list_and_viewer_only(desk: Desk) -> None:
    person = await desk.customer()
    for _ in range(3):
        await desk.request(person)
    asked = """query($after: Cursor, $state: CredentialStateFilter) {
      issuedCredentials(state: $state, first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id } } } }"""

    page = (await desk.ask(asked, who=OWN)).only("issuedCredentials")
    cursor = page["pageInfo"]["endCursor"]
    rest = (await desk.ask(asked, {"after": cursor}, who=OWN)).only("issuedCredentials")
    seen = [edge["node"]["id"] for edge in page["edges"] + rest["edges"]]

    assert page["totalCount"] == 3
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert len(set(seen)) == 3
    for variables, who in [
        ({"after": cursor}, OTHER),
        ({"after": cursor, "state": "DRAFT"}, OWN),
        ({"after": cursor[:-2] + "AA"}, OWN),
        ({"after": "x"}, OWN),
    ]:
        assert (await desk.ask(asked, variables, who=who)).codes == ["CURSOR_INVALID"]


async def test_an_account_and_a_root_did_belong_to_each_other_for_good(desk: Desk) -> None:
    ann, bob = await desk.customer(), await desk.world.person("bob")
    await desk.settle()

    for case, person, account, code in [
        ("the same again", ann, f"SIM-RICH-{ann.name}", None),
        ("somebody else's account", bob, f"SIM-RICH-{ann.name}", "CUSTOMER_ALREADY_BOUND"),
        ("a second account of hers", ann, f"SIM-POOR-{ann.name}", "CUSTOMER_ALREADY_BOUND"),
        ("an account of another person", bob, "SIM-RICH-eve", "ROOT_DID_NOT_MATCHED"),
        ("no account", bob, "SIM-GOLD-bob", "ACCOUNT_UNKNOWN"),
    ]:
        done = await desk.bind(person, account=account)
        assert done.get("code") == code, case


async def test_a_root_did_the_log_has_not_told_yet_is_to_be_tried_again(desk: Desk) -> None:
    eve = await desk.world.person("eve", on_the_log=False)

    done = await desk.bind(eve)

    assert (done["__typename"], done["code"]) == ("TryAgain", "ROOT_DID_NOT_ON_LOG")
