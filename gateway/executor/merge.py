"""Merges answers into the internal tree: objects by key, lists by index, in place."""

from collections.abc import Iterable
from typing import Any


def merge_into_each(holders: Iterable[dict[str, Any]], answer: dict[str, Any]) -> None:
    """The same answer into several objects; see `merge_object`, of which the usual case is here."""
    for holder in holders:
        if holder.keys().isdisjoint(answer):
            holder.update(answer)
        else:
            merge_object(holder, answer)


def merge_object(into: dict[str, Any], answer: dict[str, Any]) -> None:
    """What is there stays; what was absent or null is taken; objects and lists merge deeper.

    Parts of `answer` become parts of the tree, so one answer merged into several objects is
    shared by them. That is sound: they are one entity, asked for with one selection.
    """
    if into.keys().isdisjoint(answer):
        into.update(answer)
        return
    for key, value in answer.items():
        have = into.get(key)
        if have is None:
            into[key] = value
        elif have is not value:
            _merge_value(have, value)


def _merge_value(have: Any, value: Any) -> None:
    if have.__class__ is dict:
        if value.__class__ is dict:
            merge_object(have, value)
    elif have.__class__ is list and value.__class__ is list:
        _merge_list(have, value)


def _merge_list(into: list[Any], answer: list[Any]) -> None:
    for index, (have, value) in enumerate(zip(into, answer, strict=False)):
        if have is None:
            into[index] = value
        elif have is not value:
            _merge_value(have, value)
    into.extend(answer[len(into) :])
