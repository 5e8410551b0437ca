from django.db import models

from dure.decide.lifecycles import OUTCOME
from dure.portal.framework.states import state_constraint, state_field


class Report(models.Model):
    """A duty of an award to report, and the report; `kind` is the code of one of the programme's reports."""

    award = models.ForeignKey("awards.Award", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    due_at = models.DateTimeField()
    state = state_field(OUTCOME)
    summary = models.TextField(blank=True)
    links = models.JSONField(default=list)  # [{"title": …, "url": …}]
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    submitted_by = models.CharField(max_length=200, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("due_at", "id")
        constraints = [
            state_constraint(OUTCOME, "outcome_state"),
            models.UniqueConstraint(fields=["award", "kind", "due_at"], name="report_once"),
        ]
