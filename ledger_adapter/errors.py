"""Every fault the ledger can report, with the stable code callers may branch on.

LedgerFault
├── CryptoError                 the caller's bytes or keys are not what they claim
│   ├── BadKey                  BAD_KEY
│   ├── BadSignatureEncoding    BAD_SIGNATURE_ENCODING
│   ├── BadMultibase            BAD_MULTIBASE
│   ├── DecryptionFailed        DECRYPTION_FAILED
│   ├── BadToken                BAD_TOKEN: a JWT that is malformed, meant for others or out of time
│   └── NoProvider              SM2_PROVIDER_UNAVAILABLE
├── BadEnvelope                 BAD_ENVELOPE: an event that may not enter the log
├── BadProof                    BAD_PROOF: a proof bundle that proves nothing
├── BadSettings                 BAD_SETTINGS
├── BackupRefused               BACKUP_REFUSED: a folder that is damaged, or must not be restored
│   └── BackupBehind            BACKUP_BEHIND: older than a head that a witness signed
└── LedgerError                 the log itself
    ├── LedgerUnavailable       LEDGER_UNAVAILABLE (retryable)
    ├── QueueFull               LEDGER_QUEUE_FULL (retryable)
    ├── LeadershipLost          LEDGER_LEADERSHIP_LOST (retryable)
    ├── EntryNotFound           LEDGER_ENTRY_NOT_FOUND
    ├── LogCorrupt              LEDGER_LOG_CORRUPT: stored data contradict each other
    ├── ChainUnavailable        LEDGER_CHAIN_UNAVAILABLE (retryable)
    └── AnchorConflict          LEDGER_ANCHOR_CONFLICT: a chain holds another root for this size
"""

from typing import ClassVar


class LedgerFault(Exception):
    """Root of everything the ledger raises on purpose."""

    code: ClassVar[str] = "LEDGER_FAULT"
    retryable: ClassVar[bool] = False


class CryptoError(LedgerFault):
    """Bytes or keys that no library below may see."""

    code = "CRYPTO_ERROR"


class BadKey(CryptoError):
    """Not a key of this curve, out of range, or halves that do not belong together."""

    code = "BAD_KEY"


class BadSignatureEncoding(CryptoError):
    """A signature whose bytes are not the one strict form we accept."""

    code = "BAD_SIGNATURE_ENCODING"


class BadMultibase(CryptoError):
    """Text that is not base58btc multibase of the expected kind."""

    code = "BAD_MULTIBASE"


class DecryptionFailed(CryptoError):
    """Authenticated decryption refused: wrong key, nonce, data or tag; which one is not told."""

    code = "DECRYPTION_FAILED"


class BadToken(CryptoError):
    """A JWT whose form, header, signature or claims do not hold; the sentence names which."""

    code = "BAD_TOKEN"


class NoProvider(CryptoError):
    """No SM2 provider of this machine passed its known-answer test."""

    code = "SM2_PROVIDER_UNAVAILABLE"


class BadEnvelope(LedgerFault):
    """An event that may not enter the log (size, time, shape)."""

    code = "BAD_ENVELOPE"


class BadProof(LedgerFault):
    """A proof that does not prove; `step` names the check that refused it."""

    code = "BAD_PROOF"

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")
        self.step, self.reason = step, reason


class BadSettings(LedgerFault):
    """A configuration that cannot be used; the sentence names the key."""

    code = "BAD_SETTINGS"


class BackupRefused(LedgerFault):
    """Nothing was written: the folder is damaged, or the place it would go to is not free."""

    code = "BACKUP_REFUSED"


class BackupBehind(BackupRefused):
    """To go on from here would be a second history of a log that others have seen further."""

    code = "BACKUP_BEHIND"

    def __init__(self, witness: str, witnessed: int, size: int) -> None:
        super().__init__(
            f"witness {witness} signed a head of size {witnessed}, this backup ends at {size}: "
            "take a newer one"
        )
        self.witness, self.witnessed, self.size = witness, witnessed, size


class LedgerError(LedgerFault):
    """A fault of the log or its store."""

    code = "LEDGER_ERROR"


class LedgerUnavailable(LedgerError):
    """The store did not answer within its bounds; the same call may succeed later."""

    code = "LEDGER_UNAVAILABLE"
    retryable = True


class QueueFull(LedgerError):
    """Back-pressure: too many events wait for the sequencer; nothing was queued."""

    code = "LEDGER_QUEUE_FULL"
    retryable = True

    def __init__(self, waiting: int, limit: int) -> None:
        super().__init__(f"{waiting} events wait for the log (limit {limit}); try again later")
        self.waiting, self.limit = waiting, limit


class DuplicateEvent(LedgerError):
    """This event already waits in the queue; the caller's transaction must abort."""

    code = "LEDGER_DUPLICATE_EVENT"

    def __init__(self, event_id: str) -> None:
        super().__init__(f"event {event_id} is queued already")
        self.event_id = event_id


class LeadershipLost(LedgerError):
    """Another sequencer holds a newer term, or the head moved below us; nothing was written."""

    code = "LEDGER_LEADERSHIP_LOST"
    retryable = True


class EntryNotFound(LedgerError):
    """The log has no entry at this index (yet)."""

    code = "LEDGER_ENTRY_NOT_FOUND"

    def __init__(self, index: int, size: int) -> None:
        super().__init__(f"entry {index} does not exist: the log holds {size}")
        self.index, self.size = index, size


class LogCorrupt(LedgerError):
    """Stored data contradict each other; the sentence names the first place."""

    code = "LEDGER_LOG_CORRUPT"


class ChainUnavailable(LedgerError):
    """No node of a chain answered in time, or none of those that did may be believed."""

    code = "LEDGER_CHAIN_UNAVAILABLE"
    retryable = True


class AnchorConflict(LedgerError):
    """A chain holds another root for this log and size; no machine may resolve that."""

    code = "LEDGER_ANCHOR_CONFLICT"
