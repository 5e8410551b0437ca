from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import RECLAIM
from dure.portal.framework.states import state_constraint, state_field


class Round(models.Model):
    """A day on which all allocations were looked at; the rules are applied once a day of the programme's zone."""

    day = models.DateField(primary_key=True)
    at = models.DateTimeField()


class Look(models.Model):
    """A checkpoint of a pull-back rule at which one allocation was looked at, once, and what was found."""

    allocation = models.ForeignKey("allocations.Allocation", on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=60)
    place = models.PositiveSmallIntegerField()  # of the checkpoint in the rule, from 0
    year = models.PositiveSmallIntegerField()  # of a checkpoint that comes every year, else 0
    at = models.DateTimeField()
    used_percent = models.PositiveSmallIntegerField()
    take_percent = models.PositiveSmallIntegerField()
    nodes_taken = models.PositiveIntegerField()

    class Meta:
        ordering = ("-at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["allocation", "rule", "place", "year"], name="reclaim_look_once")
        ]


class Case(models.Model):
    """A finding of an idle or a pull-back rule that was put to its holder, and what came of it."""

    allocation = models.ForeignKey("allocations.Allocation", on_delete=models.PROTECT, related_name="+")
    rule = models.CharField(max_length=60)  # code of the programme's idle rule or pull-back rule
    step = models.PositiveSmallIntegerField()  # rung of the ladder reached, or place of the checkpoint, from 0
    action = models.CharField(max_length=10)  # what that rung does: notice, lend, shrink or end
    idle_since = models.DateTimeField()  # of a pull-back rule: since when use was counted
    finding = models.JSONField()  # figures the rule saw: idle seconds or percent used, nodes, nodes it would take
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
