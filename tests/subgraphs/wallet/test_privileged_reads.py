"""A DID and a receipt of deletion, read by who is no party to them: told to their holder first."""

from ledger_adapter.store.mongo import names
from subgraphs.kit.reads import KIND
from tests.subgraphs.kit.gateway import Who
from tests.subgraphs.wallet.purse import REGULATOR, Purse
from tests.subgraphs.wallet.test_deletion import kept, with_copy

READS = """query($holder: ID!, $did: DID!, $receipt: ID!) {
  node(id: $holder) { ... on Holder { did didState } }
  resolveDid(did: $did) { newest { number } }
  receipt: node(id: $receipt) { ... on DeletionReceipt { deletedAt } } }"""


async def told(purse: Purse) -> list[tuple[object, tuple[str, ...]]]:
    """What was read, and whom the log names for it."""
    await purse.settle()
    events = [event.envelope for event in await purse.events(KIND)]
    return sorted((one.body["what"], one.subjects) for one in events)


async def test_each_object_is_told_once_and_nothing_is_answered_untold(purse: Purse) -> None:
    ann, credential, custody = await with_copy(purse)
    scope = {"claims": [], "totalAtLeast": "3000000.00", "credentials": [credential]}
    await purse.withdraw(ann, (await purse.granted(ann, scope=scope))["id"])
    receipt = (await kept(purse, ann, custody))["deletionReceipt"]["id"]
    given: dict[str, object] = {"holder": ann.id, "did": ann.software.did, "receipt": receipt}

    async def ask(who: Who) -> tuple[list[str], bool]:
        answer = await purse.ask(READS, given, who=who)
        return answer.codes, ann.software.did in str(answer.data)

    log = purse.world.base.mongo.database(purse.world.settings.ledger.database)
    await log.command({"collMod": names.QUEUE, "validator": {"$expr": False}})
    codes, shown = await ask(REGULATOR)
    assert (set(codes), shown) == ({"INTERNAL"}, False)
    assert await ask(ann.who) == ([], True), "what is hers needs no event"
    await log.command({"collMod": names.QUEUE, "validator": {}})
    assert await told(purse) == []
    assert await ask(REGULATOR) == ([], True)
    wanted = [("DELETION_RECEIPT", (receipt, ann.id)), ("ROOT_DID", (ann.id,))]
    assert await told(purse) == wanted, "the DID once, though two fields lead to it"
