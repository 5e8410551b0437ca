from django.db import models
from django.db.models import F, Q

from dure.decide.lifecycles import CALL
from dure.portal.framework.states import state_constraint, state_field


class Call(models.Model):
    """An open competition of one track: one record from which page, feed, calendar and notice are made.

    `offered`: {cluster code: nodes}. `questions`: the form, a list of typed questions, frozen once announced.
    `documents`: [{"name": {ko, en}, "url": …}]. `rubric`, `policy`: what review and planning use, taken from the
    programme file when announced, with `programme_hash` saying which file; a draft may hold a rubric of its own.
    `series`, `number`: the rolling call this is a round of, and which; each round is decided as a batch.
    """

    code = models.SlugField(max_length=40, unique=True)
    track = models.CharField(max_length=40)
    title = models.JSONField()
    summary = models.JSONField(default=dict)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    decide_by = models.DateTimeField()
    use_from = models.DateTimeField()
    use_until = models.DateTimeField()
    offered = models.JSONField()
    questions = models.JSONField(default=list)
    documents = models.JSONField(default=list)
    rubric = models.JSONField(default=dict)
    policy = models.JSONField(default=dict)
    series = models.SlugField(max_length=40, blank=True)
    number = models.PositiveSmallIntegerField(null=True, blank=True)
    programme_hash = models.CharField(max_length=71)
    is_synthetic = models.BooleanField(default=False)
    state = state_field(CALL)
    created_at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-opens_at", "code")
        constraints = [
            state_constraint(CALL, "call_state"),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="call_window"),
            models.CheckConstraint(condition=Q(use_until__gt=F("use_from")), name="call_use"),
            models.UniqueConstraint(fields=["series", "number"], condition=~Q(series=""), name="call_round_once"),
        ]


class CallEvent(models.Model):
    """A public, dated event of a call; `changes`: [{"field", "before", "after"}] as they stand in the open record."""

    KINDS = ("announced", "opened", "closed", "corrected", "extended", "cancelled", "notice", "reviewing", "decided")

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    text = models.JSONField()  # {"ko": …, "en": …}
    changes = models.JSONField(default=list)

    class Meta:
        ordering = ("at", "id")


class Question(models.Model):
    """A public question about a call and its answer; hidden ones are read by their asker and the programme only."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="public_questions")
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT)
    asked_at = models.DateTimeField()
    text = models.TextField()
    answer = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    hidden_at = models.DateTimeField(null=True, blank=True)
    hidden_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")


class Nomination(models.Model):
    """A ministry's nomination of an organisation's project for a call of national projects."""

    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="nominations")
    ministry = models.CharField(max_length=40)  # a code of the programme's `ministries`
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    project = models.CharField(max_length=200)
    reason = models.TextField()
    nominated_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    nominated_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("ministry", "nominated_at", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["call", "organisation"], condition=Q(withdrawn_at=None), name="nomination_once"
            ),
        ]
