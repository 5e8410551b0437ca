from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import ASSIGNMENT
from dure.portal.framework.states import state_constraint, state_field

OPEN_STATES = ("assigned", "in_progress", "submitted")


class Reviewer(models.Model):
    """A reviewer's expertise and load limit (reviews in one call)."""

    user = models.OneToOneField("people.User", on_delete=models.PROTECT, related_name="reviewer")
    affiliation = models.CharField(max_length=120)
    former_affiliations = models.JSONField(default=list)
    keywords = models.JSONField(default=list)
    expertise = models.TextField(blank=True)  # free text, compared with proposals
    is_active = models.BooleanField(default=True)
    load_limit = models.PositiveSmallIntegerField(default=30)
    is_synthetic = models.BooleanField(default=False)
    joined_at = models.DateTimeField()


class Conflict(models.Model):
    """A conflict of interest of a reviewer with an application: declared or detected, with its evidence.

    Whether there is one is asked of the records anew at every read; a row is how a person declares one, and how the
    programme dismisses or waives one that was found.
    """

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="conflicts")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    evidence = models.JSONField()  # {"ko", "en"}
    source = models.CharField(max_length=10)  # declared or detected
    standing = models.CharField(max_length=10, default="stands")  # stands, dismissed or waived
    reason = models.CharField(max_length=300, blank=True)
    found_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "application", "kind"], name="conflict_once"),
            models.CheckConstraint(condition=Q(source__in=["declared", "detected"]), name="conflict_source"),
            models.CheckConstraint(
                condition=Q(standing__in=["stands", "dismissed", "waived"]), name="conflict_standing"
            ),
        ]


class Assignment(models.Model):
    """A reviewer's duty to score one application."""

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="assignments")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    state = state_field(ASSIGNMENT)
    assigned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    match_permille = models.IntegerField(default=0)
    why = models.JSONField(default=dict)
    state_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            state_constraint(ASSIGNMENT, "assignment_state"),
            models.UniqueConstraint(
                fields=["reviewer", "application"],
                condition=Q(state__in=["assigned", "in_progress", "submitted"]),
                name="assignment_once",
            ),
        ]


class Review(models.Model):
    """The scores a reviewer gave: points per criterion of the call's rubric, total in tenths of a point."""

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="review")
    points_tenths = models.JSONField(default=dict)  # {criterion code: tenths of a point}
    total_tenths = models.PositiveIntegerField(null=True, blank=True)
    to_applicant = models.TextField(blank=True)
    to_panel = models.TextField(blank=True)
    saved_at = models.DateTimeField()
