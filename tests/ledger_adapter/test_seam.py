"""Which of the driver's faults mean that the server is away, and which are bugs."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NotPrimaryError,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from ledger_adapter.errors import LedgerUnavailable
from ledger_adapter.store.mongo.seam import faults

LATE = 290  # TransactionExceededLifetimeLimitSeconds: a commit on a machine that is overloaded


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(AutoReconnect("gone"), id="connection lost"),
        pytest.param(NotPrimaryError("stepped down"), id="no primary"),
        pytest.param(ExecutionTimeout("late", 50), id="time over"),
        pytest.param(WriteConcernError("interrupted", LATE), id="commit interrupted"),
        pytest.param(WriteConcernError("waiting for replication", 64), id="replication late"),
        pytest.param(OperationFailure("the position was deleted", 136), id="oplog rolled over"),
        pytest.param(OperationFailure("resume point is gone", 286), id="change stream too old"),
    ],
)
async def test_what_passes_by_itself_is_waited_for(fault: PyMongoError) -> None:
    with pytest.raises(LedgerUnavailable, match="MongoDB: "):
        async with faults():
            raise fault


async def test_a_command_that_is_wrong_is_a_bug() -> None:
    with pytest.raises(OperationFailure):
        async with faults():
            raise OperationFailure("unknown operator", 2)
