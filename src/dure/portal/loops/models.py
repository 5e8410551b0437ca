from django.db import models


class Lease(models.Model):
    """Which process runs a loop now; free once `until` has passed. Wall time, even when the portal's is virtual."""

    name = models.CharField(max_length=80, primary_key=True)
    holder = models.CharField(max_length=120, blank=True)
    until = models.DateTimeField()
