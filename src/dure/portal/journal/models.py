from django.db import models


class Entry(models.Model):
    """One thing that was done. Never changed: the database itself refuses (see the migration's triggers)."""

    seq = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=200)
    event = models.CharField(max_length=60, db_index=True)
    subject = models.CharField(max_length=120, db_index=True)
    reason = models.TextField(blank=True)
    detail = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=71)
    hash = models.CharField(max_length=71, unique=True)

    class Meta:
        ordering = ("seq",)
