"""`@message`: a frozen dataclass for what every request makes many of.

To mypy it is `dataclasses.dataclass`, so that nobody writes to a message. At run time it is not
frozen: a frozen dataclass sets each field through `object.__setattr__`, which makes an object cost
three times as much. A message is no key of a dictionary.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as message
else:

    def message(*, frozen, slots, kw_only):  # noqa: ARG001 - said for mypy and readers
        """See the module."""
        return dataclass(slots=slots, kw_only=kw_only)


__all__ = ["message"]
