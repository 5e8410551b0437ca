"""Taking a person's names and addresses out of texts that stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import JSONField, Q, QuerySet

INSTEAD = "(지워진 사람)"


def redacted(value: Any, words: Sequence[str]) -> Any:
    """`value` (a text, or JSON that holds texts) with every one of `words` replaced, whatever its case."""
    if isinstance(value, str):
        for word in sorted(words, key=len, reverse=True):
            value = re.sub(re.escape(word), INSTEAD, value, flags=re.IGNORECASE)
        return value
    if isinstance(value, list):
        return [redacted(one, words) for one in value]
    if isinstance(value, dict):
        return {key: redacted(one, words) for key, one in value.items()}
    return value


def redact(rows: QuerySet[Any], fields: Iterable[str], words: Iterable[str]) -> int:
    """Replace `words` (two letters or more) in text columns of `rows`; returns how many rows were changed."""
    known = [word for word in words if len(word.strip()) > 1]
    names = list(fields)
    if not known:
        return 0
    # JSON is stored with its letters escaped on some databases: it is read to be searched.
    is_json = any(isinstance(rows.model._meta.get_field(name), JSONField) for name in names)
    hit = Q()
    for name in names:
        for word in known:
            hit |= Q(**{f"{name}__icontains": word})
    changed = 0
    for row in (rows if is_json else rows.filter(hit)).only("pk", *names):
        before = {name: getattr(row, name) for name in names}
        after = redacted(before, known)
        if after != before:
            changed += rows.filter(pk=row.pk).update(**after)
    return changed
