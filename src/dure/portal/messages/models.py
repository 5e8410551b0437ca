from django.db import models
from django.db.models import Q


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
