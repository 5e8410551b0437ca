from django.db import models
from django.db.models import F, Q


class StoredHours(models.Model):
    """A Parquet file of usage rows, written once by the meter loop; `superseded_at` when a compaction replaced it."""

    path = models.CharField(max_length=200, unique=True)  # relative to DURE_HOME
    sha256 = models.CharField(max_length=71)
    row_count = models.PositiveBigIntegerField()
    written_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)


class Window(models.Model):
    """A usage window received from an agent: a committed row before the answer 200, exactly once.

    `document` is the window as JSON, as the agent said it; `stored` says which Parquet file the meter loop has put
    it in.
    """

    cluster = models.ForeignKey("fleet.Cluster", on_delete=models.PROTECT, related_name="+")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    revision = models.PositiveIntegerField()
    hash = models.CharField(max_length=71)
    document = models.TextField()
    received_at = models.DateTimeField()
    stored = models.ForeignKey(StoredHours, on_delete=models.PROTECT, null=True, related_name="windows")

    class Meta:
        ordering = ("cluster_id", "start_at", "revision")
        indexes = [models.Index(fields=["id"], condition=Q(stored=None), name="window_unstored")]
        constraints = [
            models.UniqueConstraint(fields=["cluster", "start_at", "revision"], name="window_once"),
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="window_period"),
        ]
