from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import APPEAL, AWARD, AWARD_CHANGE
from dure.portal.framework.states import state_constraint, state_field


class Award(models.Model):
    """The decision: who, how many nodes, where, from when to when. Requested, recommended and awarded stay apart.

    `holder` and `lead` are the application's at first; a transfer (`Change`) moves them.
    """

    number = models.CharField(max_length=40, unique=True)  # the application's number
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("plans.Plan", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    lead = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    cluster = models.ForeignKey("fleet.Cluster", on_delete=models.PROTECT, related_name="+")
    nodes = models.PositiveIntegerField()
    node_names = models.JSONField()  # where it is placed
    requested_nodes = models.PositiveIntegerField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    state = state_field(AWARD)
    state_reason = models.CharField(max_length=300, blank=True)
    offered_at = models.DateTimeField()
    respond_by = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("number",)
        constraints = [
            state_constraint(AWARD, "award_state"),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state__in=["offered", "accepted", "agreed"]),
                name="award_once_per_application",
            ),
        ]


class Agreement(models.Model):
    """협약: the text both sides sign before any allocation."""

    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="agreement")
    text_version = models.CharField(max_length=20)
    text = models.TextField()
    hash = models.CharField(max_length=71)
    signed_by_applicant = models.CharField(max_length=200)
    applicant_signed_at = models.DateTimeField()
    signed_by_programme = models.CharField(max_length=200, blank=True)
    programme_signed_at = models.DateTimeField(null=True, blank=True)


class Change(models.Model):
    """An asked-for change of an award and what became of it. The award takes it over when it is carried out."""

    KINDS = ("extend", "reduce", "shorten", "hand_over", "transfer")

    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12)
    state = state_field(AWARD_CHANGE)
    months = models.PositiveSmallIntegerField(null=True, blank=True)  # extend: by so many
    nodes = models.PositiveIntegerField(null=True, blank=True)  # reduce: to so many
    end_at = models.DateTimeField(null=True, blank=True)  # extend, shorten: the new end
    organisation = models.ForeignKey(  # transfer: to whom
        "people.Organisation", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lead = models.ForeignKey(  # hand_over, transfer: who leads from then on
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    before = models.JSONField(default=dict)  # what the award was: nodes, node_names, end_at, organisation, lead
    effective_at = models.DateTimeField()
    reason = models.CharField(max_length=1000)
    requested_by = models.CharField(max_length=200)
    requested_at = models.DateTimeField()
    consented_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=1000, blank=True)
    carried_out_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-requested_at", "-id")
        constraints = [
            state_constraint(AWARD_CHANGE, "award_change_state"),
            models.CheckConstraint(
                condition=Q(kind__in=["extend", "reduce", "shorten", "hand_over", "transfer"]),
                name="award_change_kind",
            ),
            models.UniqueConstraint(
                fields=["award"],
                condition=Q(state__in=["requested", "consented", "approved"]),
                name="award_change_one_open",
            ),
        ]


class Appeal(models.Model):
    """이의신청: one per application, against the decision on it; a reviewer who did not score it looks again."""

    application = models.OneToOneField("applications.Application", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("plans.Plan", on_delete=models.PROTECT, related_name="+")
    state = state_field(APPEAL)
    text = models.TextField(max_length=4000)
    lodged_by = models.CharField(max_length=200)
    lodged_at = models.DateTimeField()
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(max_length=4000, blank=True)  # the programme's, to the applicant

    class Meta:
        ordering = ("lodged_at", "id")
        constraints = [state_constraint(APPEAL, "appeal_state")]


class WaitlistPass(models.Model):
    """When the waitlist of a plan was last gone through: nothing is to be done until nodes are given back again."""

    plan = models.OneToOneField("plans.Plan", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    journal_seq = models.PositiveBigIntegerField()  # the latest release the journal held then
