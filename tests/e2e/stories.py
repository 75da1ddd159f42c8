"""What befalls a person of a population after her credentials, each step through the gateway."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from subgraphs.demo.answers import at, mutate, raise_refusal, text
from subgraphs.demo.client import Client, Json
from subgraphs.demo.houses import TAGS, asked_of, held_of
from subgraphs.demo.journey import Journey
from subgraphs.demo.loading.stories import REASON, bounds

_REFUSED: Final = "... on DomainError { code message }"
_PREPARE: Final = f"""mutation Prepare($input: PrepareConsentWithdrawalInput!) {{
  prepareConsentWithdrawal(input: $input) {{ {_REFUSED}
    ... on PrepareConsentWithdrawalSuccess {{ preparedId payload payloadToSign }} }} }}"""
_WITHDRAW: Final = f"""mutation Withdraw($input: WithdrawConsentInput!) {{
  withdrawConsent(input: $input) {{ {_REFUSED} ... on WithdrawConsentSuccess {{ consent {{ id }} }}
}} }}"""


async def live(
    made: Sequence[Journey],
    kinds: Sequence[str],
    on_log: Callable[[Sequence[str]], Awaitable[None]],
) -> None:
    """She shows her proofs, the verifier decides, and then what her script says; each step is
    read by everybody before the next."""
    first = made[0]
    credentials = [one.credential_id for one in made]
    await on_log(credentials)
    await asked_of(first, TAGS)
    await on_log([first.consent_id])
    first.presentation = first.build_presentation(shown=bounds(held_of(made)))
    await first.submit()
    verification = await first.verify("decide-with-proof")
    if at(verification, "qualification", "outcome") == "QUALIFIED":
        await first.grant_permission()
    for kind in kinds:
        await on_log([*credentials, first.consent_id, first.presentation_id, first.permission_id])
        await STEPS[kind](first)


async def _endorsed(journey: Journey, *, effect: str) -> None:
    await mutate(
        journey.actors.issuer,
        "endorse-credential",
        credentialId=journey.credential_id,
        effect=effect,
        reasonCode=REASON,
    )


async def _renewed(journey: Journey) -> None:
    """The same wish once more, of the same account."""
    again = type(journey)(journey.actors, journey.person, journey.house)
    await again.request_credential()
    await again.compile_draft()
    await again.issue()
    await again.hand_in_countersignature()


async def _withdrawn(journey: Journey) -> None:
    holder = journey.actors.holder
    prepared = await _do(holder, _PREPARE, consentId=journey.consent_id)
    signature = journey.person.software.sign_prepared(
        prepared["payload"], text(prepared, "payloadToSign"), asked={}
    )
    given = {"preparedId": prepared["preparedId"], "holderSignature": signature.as_input()}
    await _do(holder, _WITHDRAW, **given)


async def _cancelled(journey: Journey) -> None:
    signature = journey.person.software.cancel(journey.credential_id)
    await mutate(
        journey.actors.holder,
        "cancel-credential",
        id=journey.credential_id,
        signature=signature.as_input(),
    )


async def _do(client: Client, query: str, **fields: object) -> Json:
    (result,) = (await client.ask(query, {"input": fields})).values()
    assert isinstance(result, dict)
    raise_refusal(result)
    return result


STEPS: Final[Mapping[str, Callable[[Journey], Awaitable[None]]]] = {
    **{
        f"ENDORSED_{effect}": partial(_endorsed, effect=effect)
        for effect in ("REDUCED", "RESTORED", "SUSPEND", "REVOKE")
    },
    "SUPERSEDED": _renewed,
    "CONSENT_WITHDRAWN": _withdrawn,
    "CREDENTIAL_CANCELLED": _cancelled,
}
