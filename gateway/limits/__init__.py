"""Bounds of one request, checked before anything expensive happens. Pure."""

from gateway.limits.document import check_document
from gateway.limits.model import DocumentLimits
from gateway.limits.source import check_source

__all__ = ["DocumentLimits", "check_document", "check_source"]
