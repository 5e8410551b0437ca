from django.db import models
from django.db.models import Q


class Erasure(models.Model):
    """A person's wish to be erased. It is carried out by a loop as soon as nothing stands in the way."""

    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="erasures")
    requested_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(withdrawn_at=None, done_at=None), name="erasure_open_once"
            ),
            models.CheckConstraint(condition=Q(withdrawn_at=None) | Q(done_at=None), name="erasure_one_end"),
        ]
