from django.db import models

from dure.decide.lifecycles import PLAN
from dure.portal.framework.states import state_constraint, state_field


class Problem(models.Model):
    """What is to be decided, frozen: canonical JSON and its hash."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="problems")
    document = models.BinaryField()  # canonical JSON, dure-problem/1
    hash = models.CharField(max_length=71, unique=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)


class Plan(models.Model):
    """A proposal of awards for a problem. The row is the queue: a plan to be solved is a row in state `queued`."""

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="plans")
    title = models.CharField(max_length=120)
    rule = models.CharField(max_length=10)  # merit or value
    delta_tenths = models.PositiveIntegerField(default=30)
    budget = models.PositiveBigIntegerField(null=True, blank=True)  # units of work; None is the planner's default
    state = state_field(PLAN)
    state_reason = models.CharField(max_length=300, blank=True)
    progress_permille = models.PositiveSmallIntegerField(default=0)
    progress_value = models.BigIntegerField(null=True, blank=True)
    progress_bound = models.BigIntegerField(null=True, blank=True)
    document = models.BinaryField(null=True)  # canonical JSON, dure-plan/1
    hash = models.CharField(max_length=71, blank=True)
    audit = models.JSONField(null=True)  # the auditor's own words and figures, as text (no floats)
    queued_at = models.DateTimeField()
    queued_by = models.CharField(max_length=200)
    solved_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=200, blank=True)
    accept_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [state_constraint(PLAN, "plan_state")]


class Rank(models.Model):
    """What a plan says of one application: outcome, place on the waitlist and the reasons, in both languages."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="ranks")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12)  # awarded, waitlisted, below_mark or ineligible
    score_tenths = models.PositiveIntegerField(null=True)
    cluster = models.CharField(max_length=40, blank=True)
    nodes = models.PositiveIntegerField(default=0)
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    waitlist_rank = models.PositiveIntegerField(null=True, blank=True)
    lottery_rank = models.PositiveIntegerField()
    explanation = models.JSONField(default=dict)

    class Meta:
        ordering = ("plan_id", "-score_tenths", "lottery_rank")
        constraints = [models.UniqueConstraint(fields=["plan", "application"], name="rank_once")]
