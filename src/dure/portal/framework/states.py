"""State columns and the only way to move them."""

from __future__ import annotations

from typing import Any

from django.db import models

from dure.core.errors import NotFound, Stale
from dure.core.lifecycle import Lifecycle


def state_field(lifecycle: Lifecycle) -> models.CharField:
    """A column holding a state of `lifecycle`."""
    return models.CharField(max_length=16, default=lifecycle.initial, db_index=True)


def state_constraint(lifecycle: Lifecycle, name: str) -> models.CheckConstraint:
    """The database's own refusal of any other word."""
    return models.CheckConstraint(condition=models.Q(state__in=lifecycle.states), name=name)


def move(row: models.Model, lifecycle: Lifecycle, event: str, **changes: Any) -> None:
    """Move `row` by `event`, compare-and-set, with `changes` to other columns in the same statement.

    `row.state` and the changed attributes are updated on success. Raises IllegalTransition when the table has
    no such move, Stale when the row is no longer in the state this process read.
    """
    before = row.state
    after = lifecycle.after(before, event)
    updated = type(row)._default_manager.filter(pk=row.pk, state=before).update(state=after, **changes)
    if updated != 1:
        raise Stale(internal=f"{lifecycle.noun} {row.pk}: no longer {before}")
    row.state = after
    for name, value in changes.items():
        setattr(row, name, value)


def is_repeated(row: models.Model, lifecycle: Lifecycle, event: str, **said: Any) -> bool:
    """Whether `event` has been done and `said` then (columns and what they hold) what is said now.

    A request that is sent again, since its answer was lost or the button pressed twice, is such: it changes nothing.
    """
    return lifecycle.is_done(row.state, event) and all(getattr(row, name) == value for name, value in said.items())


def locked(queryset: models.QuerySet, **where: Any) -> Any:
    """The one row of `queryset` that matches, locked for this transaction. Raises NotFound.

    Not for changing its key: rows that only point to it can be written meanwhile, by somebody who already holds the
    journal for which we shall wait.
    SQLite has no row locks: there every write transaction begins IMMEDIATE and is alone.
    """
    row = queryset.select_for_update(of=("self",), no_key=True).filter(**where).first()
    if row is None:
        raise NotFound(internal=f"{queryset.model.__name__} {where}")
    return row
