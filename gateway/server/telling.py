"""What a caller is told of errors: codes and paths always, sentences only where they are meant for
callers, and with each a request id and whether trying again may help."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import OWN_CODES, RETRYABLE_CODES

_LOG = logging.getLogger("credgraph.subgraph")
_SUGGESTION: Final = re.compile(r" Did you mean .*\?$", re.DOTALL)
_ALWAYS: Final = ("code", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """See the settings' section `errors`."""

    mask: bool = True
    subgraphs: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()

    def of(self, error: Mapping[str, Any], request_id: str, *, suggest: bool) -> dict[str, Any]:
        """One entry of `errors` as the caller sees it. Without `suggest` names of the schema
        that the caller did not know stay unknown to it."""
        extensions = error.get("extensions") or {}
        code, service = extensions.get("code"), extensions.get("service")
        message = error["message"]
        if service is not None and code not in OWN_CODES:
            message, extensions = self._theirs(message, extensions, request_id)
        elif not suggest:
            message = _SUGGESTION.sub("", message)
        retryable = extensions.get("retryable", code in RETRYABLE_CODES) is True
        told = {**extensions, "retryable": retryable, "requestId": request_id}
        return {**error, "message": message, "extensions": told}

    def _theirs(
        self, message: str, extensions: Mapping[str, Any], request_id: str
    ) -> tuple[str, Mapping[str, Any]]:
        """A subgraph's own words."""
        service = extensions["service"]
        if not self.mask or service in self.subgraphs:
            return message, extensions
        kept = {
            name: value
            for name, value in extensions.items()
            if name in _ALWAYS or name in self.extensions
        }
        if extensions.get("code") in self.codes:
            return message, kept
        _LOG.warning("request %s: subgraph %s says: %s", request_id, service, message)
        return f"the subgraph {service!r} could not answer this", kept
