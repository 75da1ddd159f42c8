"""A witness on HTTP: POST /add-checkpoint, GET /conflicts, GET /health. Raw ASGI, no framework."""

from ledger_adapter.asgi import Answer, App, Receive, Scope, Send, answer, read_body
from ledger_adapter.chains.embedded.voter import VoterDoor
from ledger_adapter.witness.judge import MAX_REQUEST, Witness


def witness_app(witness: Witness, voter: VoterDoor | None = None) -> App:
    """The ASGI app of one witness; with a voter, it also votes for a chain's blocks."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(send, await _routed(witness, voter, scope, receive))

    return app


async def _routed(
    witness: Witness, voter: VoterDoor | None, scope: Scope, receive: Receive
) -> Answer:
    if voter is not None and scope["path"].startswith("/chain/"):
        return await voter.reply(scope, receive)
    match scope["method"], scope["path"]:
        case "POST", "/add-checkpoint":
            body = await read_body(receive, MAX_REQUEST)
            return Answer(413, "too long\n") if body is None else witness.add_checkpoint(body)
        case "GET", "/conflicts":
            lines = "".join(line + "\n" for line in witness.state.conflicts)
            return Answer(200, lines, "application/jsonl")
        case "GET", "/health":
            facts = {
                "status": "up",
                "witness": witness.name,
                "sizes": dict(witness.state.sizes),
                "conflicts": len(witness.state.conflicts),
            }
            return Answer.json(facts)
        case _:
            return Answer(404, "no such path\n")
