from django.db import models

from dure.decide.lifecycles import PLAN, STABILITY
from dure.portal.framework.states import state_constraint, state_field


class Problem(models.Model):
    """What is to be decided, frozen: canonical JSON and its hash."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="problems")
    document = models.BinaryField()  # canonical JSON, dure-problem/1
    hash = models.CharField(max_length=71, unique=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=200)


class Plan(models.Model):
    """A proposal of awards for a problem. The row is the queue: a plan to be solved is a row in state `queued`.

    `changes` is what the scenario changes of the programme, `overrides` what was put in or left out by hand; `ground`
    is the problem before overrides, None without any, and `base` the plan they were made from.
    """

    problem = models.ForeignKey(Problem, on_delete=models.PROTECT, related_name="plans")
    ground = models.ForeignKey(Problem, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=120)
    note = models.TextField(blank=True)
    rule = models.CharField(max_length=10)  # merit or value
    delta_tenths = models.PositiveIntegerField(default=30)
    budget = models.PositiveBigIntegerField(null=True, blank=True)  # units of work; None is the planner's default
    changes = models.JSONField(default=dict)  # decide.planning.scenario.Changes
    overrides = models.JSONField(default=list)  # decide.planning.overrides.as_document
    state = state_field(PLAN)
    state_reason = models.CharField(max_length=300, blank=True)
    conflicts = models.JSONField(default=list)  # rules that cannot all hold, as [{"ko", "en"}], when it failed for that
    progress_phase = models.CharField(max_length=12, blank=True)
    progress_permille = models.PositiveSmallIntegerField(default=0)
    progress_value = models.BigIntegerField(null=True, blank=True)
    progress_bound = models.BigIntegerField(null=True, blank=True)
    document = models.BinaryField(null=True)  # canonical JSON, dure-plan/1
    hash = models.CharField(max_length=71, blank=True)
    audit = models.JSONField(null=True)  # the auditor's own words and figures, as text (no floats)
    measures = models.JSONField(null=True)  # decide.planning.compare, dure-measures/1
    queued_at = models.DateTimeField()
    queued_by = models.CharField(max_length=200)
    solved_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)  # of the overrides
    confirmed_by = models.CharField(max_length=200, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.CharField(max_length=200, blank=True)
    accept_reason = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [state_constraint(PLAN, "plan_state")]


class Rank(models.Model):
    """What a plan says of one application: outcome, place on the waitlist and the reasons, in both languages.

    `stability` (always, margin, never; empty until asked) and `funded_runs` are of the plan's last stability run.
    """

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
    stability = models.CharField(max_length=6, blank=True)
    funded_runs = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("plan_id", "-score_tenths", "lottery_rank")
        constraints = [models.UniqueConstraint(fields=["plan", "application"], name="rank_once")]


class StabilityRun(models.Model):
    """How firm a plan is, asked once: `runs` variants to solve, `done` of them solved. The row is the queue."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="stability_runs")
    state = state_field(STABILITY)
    state_reason = models.CharField(max_length=300, blank=True)
    runs = models.PositiveSmallIntegerField()
    done = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            state_constraint(STABILITY, "stability_state"),
            models.UniqueConstraint(
                fields=["plan"],
                condition=models.Q(state__in=["queued", "running"]),
                name="one_stability_run_at_a_time",
            ),
        ]


class Seal(models.Model):
    """The accepted plan in one file that anybody can check, and the programme's signature over its bytes."""

    plan = models.OneToOneField(Plan, on_delete=models.PROTECT, related_name="seal")
    document = models.BinaryField()  # ZIP, dure-seal/1
    hash = models.CharField(max_length=71)
    signature = models.BinaryField()  # Ed25519, 64 bytes
    public_key = models.TextField()  # PEM
    made_at = models.DateTimeField()
