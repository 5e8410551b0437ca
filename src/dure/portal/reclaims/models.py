from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import RECLAIM
from dure.portal.framework.states import state_constraint, state_field


class Round(models.Model):
    """A day on which all allocations were looked at; the rules are applied once a day of the programme's zone."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()


class Case(models.Model):
    """An idle finding that was put to its holder, and what came of it."""

    allocation = models.ForeignKey("allocations.Allocation", on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=60)  # code of the programme's idle rule
    step = models.PositiveSmallIntegerField()  # rung of the rule's ladder reached, from 0
    action = models.CharField(max_length=10)  # what that rung does: notice, lend, shrink or end
    idle_since = models.DateTimeField()
    finding = models.JSONField()  # figures the rule saw: idle seconds, hours looked at, nodes
    state = state_field(RECLAIM)
    opened_at = models.DateTimeField()
    answer_by = models.DateTimeField()
    justification = models.TextField(blank=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    nodes_taken = models.PositiveIntegerField(default=0)
    execute_at = models.DateTimeField(null=True, blank=True)  # a confirmed case can be reversed until then
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            state_constraint(RECLAIM, "reclaim_state"),
            models.UniqueConstraint(
                fields=["allocation", "rule"],
                condition=Q(state__in=["noticed", "justified", "confirmed"]),
                name="reclaim_one_open",
            ),
        ]
