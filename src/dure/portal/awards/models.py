from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import AWARD
from dure.portal.framework.states import state_constraint, state_field


class Award(models.Model):
    """The decision: who, how many nodes, where, from when to when. Requested, recommended and awarded stay apart."""

    number = models.CharField(max_length=40, unique=True)  # the application's number
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey("plans.Plan", on_delete=models.PROTECT, related_name="+")
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
