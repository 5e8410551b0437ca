from django.db import models
from django.db.models import F, Q


class Provider(models.Model):
    """A company that owns or operates clusters; from the programme file."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.JSONField()  # {"ko": …, "en": …}

    class Meta:
        ordering = ("code",)


class Cluster(models.Model):
    """One fabric and scheduler; from the programme file. `share` is "government" or "self_use"."""

    code = models.SlugField(max_length=40, unique=True)
    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="clusters")
    name = models.JSONField()
    site = models.CharField(max_length=80, blank=True)
    gpu_model = models.CharField(max_length=20)
    gpus_per_node = models.PositiveSmallIntegerField()
    share = models.CharField(max_length=12)
    scheduler = models.CharField(max_length=12)  # slurm, kubernetes or simulated
    delivered_at = models.DateTimeField()
    retired_at = models.DateTimeField()
    login_host = models.CharField(max_length=120, blank=True)  # where holders sign in; the provider says so
    partition = models.CharField(
        max_length=60, blank=True
    )  # Slurm's partition or Kueue's queue, in the provider's words
    api_server = models.CharField(max_length=200, blank=True)  # Kubernetes only, as the four below: how kubectl gets in
    api_ca = models.TextField(blank=True)  # the server's certificate authority, PEM
    oidc_issuer = models.CharField(max_length=200, blank=True)
    oidc_client_id = models.CharField(max_length=100, blank=True)
    engine = models.CharField(max_length=12, blank=True)  # what its agent really drives, in the agent protocol's words
    epoch = models.PositiveIntegerField(default=0)  # which agent instance holds the cluster; older ones are refused
    agent_instance = models.CharField(max_length=64, blank=True)
    agent_seen_at = models.DateTimeField(null=True, blank=True)
    inventory_at = models.DateTimeField(null=True, blank=True)
    inventory_mismatch = models.JSONField(default=dict)  # {"missing": [names], "unknown": [names], "gpus": [names]}

    class Meta:
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(condition=Q(share__in=["government", "self_use"]), name="cluster_share"),
            models.CheckConstraint(condition=Q(retired_at__gt=F("delivered_at")), name="cluster_lifetime"),
        ]


class Node(models.Model):
    """A server. `observed` is the state its agent last reported, in the agent protocol's words."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="nodes")
    name = models.CharField(max_length=40)
    leaf = models.PositiveSmallIntegerField()
    observed = models.CharField(max_length=12, default="unknown")
    observed_reason = models.CharField(max_length=200, blank=True)
    down_since = models.DateTimeField(null=True, blank=True)  # when its agent first saw it down

    class Meta:
        ordering = ("cluster_id", "name")
        constraints = [models.UniqueConstraint(fields=["cluster", "name"], name="node_once")]


class Booking(models.Model):
    """A node held for a half-open period.

    All kinds but "lend" exclude each other on a node: an exclusion constraint on PostgreSQL, a check under the
    write lock on SQLite (see `fleet.operations.book`).
    """

    KINDS = ("award", "self_use", "maintenance", "lend")

    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="bookings")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    kind = models.CharField(max_length=12)
    organisation = models.CharField(max_length=40, blank=True)  # code, as text: the award's organisation
    reference = models.CharField(max_length=80, db_index=True)  # "award:25-1-0007"
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("node_id", "start_at")
        indexes = [models.Index(fields=["node", "start_at", "end_at"], name="booking_span")]
        constraints = [
            models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="booking_period"),
            models.CheckConstraint(
                condition=Q(kind__in=["award", "self_use", "maintenance", "lend"]), name="booking_kind"
            ),
        ]


class Maintenance(models.Model):
    """Work a provider announced on some nodes; its bookings carry the reference "maintenance:ID"."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="maintenances")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    node_names = models.JSONField()
    reason = models.CharField(max_length=300)
    announced_at = models.DateTimeField()
    announced_by = models.CharField(max_length=200)
    told_at = models.DateTimeField(null=True, blank=True)  # when the holders were told
    displaced = models.JSONField(null=True)  # what it pushed aside; null: announced before this was kept
    called_off_at = models.DateTimeField(null=True, blank=True)  # before its start, or while it went on
    told_off_at = models.DateTimeField(null=True, blank=True)  # when the holders were told of that

    class Meta:
        ordering = ("-start_at", "-id")
        constraints = [models.CheckConstraint(condition=Q(end_at__gt=F("start_at")), name="maintenance_period")]


class AgentToken(models.Model):
    """A credential bound to one cluster; only its hash is kept."""

    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="tokens")
    label = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    successor = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="predecessor")

    class Meta:
        ordering = ("-id",)
