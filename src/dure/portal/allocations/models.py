from django.db import models

from dure.decide.lifecycles import ALLOCATION
from dure.portal.framework.states import state_constraint, state_field


class Allocation(models.Model):
    """An award made real on one cluster. `name` is safe for Slurm and Kubernetes: lower case, digits, hyphens."""

    award = models.OneToOneField("awards.Award", on_delete=models.PROTECT, related_name="+")
    award_number = models.CharField(max_length=40, unique=True)
    cluster = models.ForeignKey("fleet.Cluster", on_delete=models.PROTECT, related_name="+")
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="+")
    name = models.SlugField(max_length=40, unique=True)
    state = state_field(ALLOCATION)
    is_listed = models.BooleanField(default=True)  # in the desired state, until the agent has reported it ended
    revision = models.ForeignKey("Revision", on_delete=models.PROTECT, null=True, related_name="+")  # the newest
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    warned_end_at = models.DateTimeField(null=True, blank=True)  # the end its people were last warned of
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True)  # and how many days before it

    class Meta:
        ordering = ("name",)
        indexes = [models.Index(fields=["cluster"], condition=models.Q(is_listed=True), name="allocation_listed")]
        constraints = [state_constraint(ALLOCATION, "allocation_state")]


class Access(models.Model):
    """A person who may use an allocation, from when to when."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="accesses")
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    since_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "user"], condition=models.Q(removed_at=None), name="access_once"
            )
        ]


class Desired(models.Model):
    """The newest desired state of a cluster, ready to be sent: each change of any allocation on it takes the next
    generation, and the document is written in the same transaction."""

    cluster = models.OneToOneField("fleet.Cluster", on_delete=models.PROTECT, related_name="+", primary_key=True)
    generation = models.PositiveBigIntegerField(default=0)
    etag = models.CharField(max_length=40, blank=True)
    document = models.TextField(blank=True)  # a DesiredState of the agent protocol, as JSON


class Revision(models.Model):
    """What an allocation should be from a generation on; never edited, the next one replaces it."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="revisions")
    generation = models.PositiveBigIntegerField()
    present = models.BooleanField()
    node_names = models.JSONField()
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    members = models.JSONField()  # [{"login": …, "ssh_keys": […]}]
    lent = models.BooleanField(default=False)  # what it leaves unused may be used by others
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("allocation_id", "generation")
        constraints = [models.UniqueConstraint(fields=["allocation", "generation"], name="revision_once")]


class ClusterReport(models.Model):
    """The report that counts of a cluster's agent: the newest `done_at` of the newest epoch."""

    cluster = models.OneToOneField("fleet.Cluster", on_delete=models.PROTECT, related_name="+", primary_key=True)
    epoch = models.PositiveIntegerField()
    observed_generation = models.PositiveBigIntegerField()
    done_at = models.DateTimeField()
    drift = models.JSONField(default=list)
    digest = models.CharField(max_length=71)  # of all the report says but its time


class Observation(models.Model):
    """What the agent last reported of one allocation: the generation applied, the nodes really held."""

    allocation = models.OneToOneField(
        Allocation, on_delete=models.PROTECT, related_name="observation", primary_key=True
    )
    generation = models.PositiveBigIntegerField()
    node_names = models.JSONField()
    ready_at = models.DateTimeField(null=True, blank=True)  # first reported ready with its nodes held
    cleared_at = models.DateTimeField(null=True, blank=True)  # first reported ended
    storage_path = models.CharField(max_length=300, blank=True)  # empty where the site reports no storage
    storage_used = models.BigIntegerField(default=0)  # bytes, as is the next
    storage_quota = models.BigIntegerField(default=0)
    storage_at = models.DateTimeField(null=True, blank=True)


class NoSpare(models.Model):
    """A node of an allocation has failed and its cluster had no spare for it; the holders were told at `told_at`."""

    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, related_name="no_spares")
    node_name = models.CharField(max_length=40)
    down_since = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["allocation", "node_name", "down_since"], name="no_spare_once")]


class ObservedCondition(models.Model):
    """What a cluster's agent last reported of an allocation (or of the cluster: allocation empty)."""

    cluster = models.ForeignKey("fleet.Cluster", on_delete=models.PROTECT, related_name="+")
    allocation = models.ForeignKey(Allocation, on_delete=models.PROTECT, null=True, related_name="conditions")
    type = models.CharField(max_length=40)
    status = models.CharField(max_length=8)
    reason = models.CharField(max_length=60)
    message = models.TextField(blank=True)
    observed_generation = models.PositiveBigIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ("cluster_id", "allocation_id", "type")
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "allocation", "type"], name="condition_once", nulls_distinct=False
            )
        ]


class SshKey(models.Model):
    """A person's public key for the clusters they have access to."""

    user = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="ssh_keys")
    label = models.CharField(max_length=80)
    public_key = models.TextField()
    fingerprint = models.CharField(max_length=80)
    added_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["user", "fingerprint"], condition=models.Q(revoked_at=None), name="ssh_key_once"
            )
        ]
