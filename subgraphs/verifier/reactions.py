"""What a change on the log does to one acceptance: data in, a plan of steps out.

Laws: a change first prompts, then suspends by rule; suspension and revocation suspend at once; an
acceptance that lapsed or ended reacts to nothing more; a second reduction adds no second request.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from subgraphs.verifier.lifecycle import ACCEPTANCE, walk
from subgraphs.verifier.states import AcceptanceState as A
from subgraphs.verifier.states import Effect


class Cause(StrEnum):
    """What may happen to an accepted credential besides its issuer's endorsements."""

    CREDENTIAL_EXPIRED = "CREDENTIAL_EXPIRED"
    CREDENTIAL_SUPERSEDED = "CREDENTIAL_SUPERSEDED"
    CREDENTIAL_CANCELLED = "CREDENTIAL_CANCELLED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    SUPPLEMENT_OVERDUE = "SUPPLEMENT_OVERDUE"
    NEW_PROOF = "NEW_PROOF"
    REVIEWED_AGAINST = "REVIEWED_AGAINST"
    REDUCED_WITHIN = "REDUCED_WITHIN"
    REDUCED_BELOW = "REDUCED_BELOW_THRESHOLD"


class Prompt(StrEnum):
    """What becomes of the request for further proof."""

    NONE = "NONE"
    OPEN = "OPEN"
    FULFIL = "FULFIL"
    VOID = "VOID"
    OVERDUE = "OVERDUE"


@dataclass(frozen=True, slots=True)
class Reaction:
    """The states to walk through in one write, and what goes with it."""

    steps: tuple[A, ...] = ()
    prompt: Prompt = Prompt.NONE
    suspend: bool = False

    @property
    def idle(self) -> bool:
        """Nothing is to be written."""
        return not self.steps and self.prompt is Prompt.NONE and not self.suspend

    def ends_in(self, state: A) -> A:
        """Where the acceptance stands afterwards; an impossible walk raises."""
        return walk(ACCEPTANCE, state, *self.steps)


IDLE: Final = Reaction()
_PROMPT: Final = Reaction((A.CHANGE_DETECTED, A.SUPPLEMENT_REQUESTED), Prompt.OPEN)
_UNAFFECTED: Final = Reaction((A.CHANGE_DETECTED, A.UNAFFECTED, A.MONITORED))
_LAPSE: Final = Reaction((A.CHANGE_DETECTED, A.LAPSED), suspend=True)
_LAPSE_PROMPTED: Final = Reaction((A.LAPSED,), Prompt.VOID, suspend=True)
_CURE: Final = Reaction((A.CURED, A.MONITORED), Prompt.FULFIL)

_REACTIONS: Final[dict[tuple[A, Effect | Cause], Reaction]] = {
    (A.MONITORED, Effect.NOTE): _UNAFFECTED,
    (A.MONITORED, Effect.RESTORED): _UNAFFECTED,
    (A.MONITORED, Effect.REDUCED): _PROMPT,
    (A.MONITORED, Cause.CREDENTIAL_EXPIRED): _PROMPT,
    (A.MONITORED, Cause.CREDENTIAL_SUPERSEDED): _PROMPT,
    (A.MONITORED, Cause.CREDENTIAL_CANCELLED): _PROMPT,
    (A.MONITORED, Effect.SUSPEND): _LAPSE,
    (A.MONITORED, Effect.REVOKE): _LAPSE,
    (A.MONITORED, Cause.CONSENT_WITHDRAWN): Reaction((A.ENDED,), Prompt.OPEN),
    (A.SUPPLEMENT_REQUESTED, Effect.RESTORED): _CURE,
    (A.SUPPLEMENT_REQUESTED, Effect.SUSPEND): _LAPSE_PROMPTED,
    (A.SUPPLEMENT_REQUESTED, Effect.REVOKE): _LAPSE_PROMPTED,
    (A.SUPPLEMENT_REQUESTED, Cause.CONSENT_WITHDRAWN): Reaction((A.ENDED,)),
    (A.SUPPLEMENT_REQUESTED, Cause.SUPPLEMENT_OVERDUE): Reaction(
        (A.LAPSED,), Prompt.OVERDUE, suspend=True
    ),
    (A.SUPPLEMENT_REQUESTED, Cause.NEW_PROOF): _CURE,
    (A.LAPSED, Cause.CONSENT_WITHDRAWN): Reaction((A.ENDED,)),
    (A.MONITORED, Cause.REDUCED_WITHIN): _UNAFFECTED,
    (A.MONITORED, Cause.REDUCED_BELOW): _PROMPT,
    (A.SUPPLEMENT_REQUESTED, Cause.REDUCED_WITHIN): _CURE,
    (A.MONITORED, Cause.REVIEWED_AGAINST): Reaction((A.ENDED,)),
    (A.SUPPLEMENT_REQUESTED, Cause.REVIEWED_AGAINST): Reaction((A.ENDED,), Prompt.VOID),
    (A.LAPSED, Cause.REVIEWED_AGAINST): Reaction((A.ENDED,)),
    (A.ENDED, Cause.SUPPLEMENT_OVERDUE): Reaction((), Prompt.OVERDUE, suspend=True),
    (A.ENDED, Cause.NEW_PROOF): Reaction((), Prompt.FULFIL),
}


def react(state: A, cause: Effect | Cause) -> Reaction:
    """What is to be done; IDLE where the table has no row."""
    return _REACTIONS.get((state, cause), IDLE)
