from django.db import models


class Instant(models.Model):
    """The virtual instant; one row, and none while the wall clock is used."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="clock_one_instant")]


class Reported(models.Model):
    """Up to which virtual instant a loop or an agent says it has done its work."""

    reporter = models.CharField(max_length=80, primary_key=True)
    done_at = models.DateTimeField()
