from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import SUPPORT
from dure.portal.framework.states import state_constraint, state_field


class Message(models.Model):
    """One mail. `key` says what it is about, so that writing the same message twice leaves one."""

    key = models.CharField(max_length=160, unique=True)
    to = models.EmailField(db_index=True)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    written_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=["id"], condition=Q(sent_at=None), name="message_unsent")]


class SupportRequest(models.Model):
    """A person's question to the programme or to a provider, with the time by which it is to be answered.

    `topic` is a code of the programme's `support`; `answerer` "programme" or a provider's code; `about` what it
    concerns as a path of the portal ("/allocations/25-1-0007/"). The clock runs while the state is `waiting`.
    """

    topic = models.CharField(max_length=40)
    answerer = models.CharField(max_length=40, db_index=True)
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    about = models.CharField(max_length=200, blank=True)
    state = state_field(SUPPORT)
    asked_at = models.DateTimeField()
    respond_by = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints = [state_constraint(SUPPORT, "support_state")]
        indexes = [models.Index(fields=["respond_by"], condition=Q(state="waiting"), name="support_waiting")]


class SupportEntry(models.Model):
    """One message in the thread of a support request; `file_ids` are stored files."""

    request = models.ForeignKey(SupportRequest, on_delete=models.PROTECT, related_name="entries")
    written_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    is_answer = models.BooleanField()
    text = models.TextField()
    file_ids = models.JSONField(default=list)

    class Meta:
        ordering = ("written_at", "id")
