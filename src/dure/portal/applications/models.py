from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import APPLICATION, ENDORSEMENT
from dure.portal.framework.states import state_constraint, state_field


class Application(models.Model):
    """One organisation's submission to a call. It has no "awarded" flag: its award exists or it does not.

    `draft` is what is being typed (see `content.Content`); each submission seals it as a Version.
    """

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="applications")
    number = models.CharField(max_length=40, unique=True)  # "25-1-0007", given at creation
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, related_name="applications")
    lead = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="led_applications")
    draft = models.JSONField(default=dict)
    draft_saved_at = models.DateTimeField()
    draft_edition = models.PositiveIntegerField(default=0)  # counts saves: two open tabs cannot overwrite each other
    renews = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )  # goes on from
    is_synthetic = models.BooleanField(default=False)
    state = state_field(APPLICATION)
    state_reason = models.JSONField(default=dict)  # why refused, {"ko", "en"}
    created_at = models.DateTimeField()
    version = models.ForeignKey("Version", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ("number",)
        constraints = [
            state_constraint(APPLICATION, "application_state"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "discarded"]) | Q(version__isnull=False),
                name="application_sealed_when_submitted",
            ),
        ]


class Version(models.Model):
    """A sealed submission: its content, hash and time are the applicant's receipt."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    hash = models.CharField(max_length=71)
    started_at = models.DateTimeField()  # when the request arrived: the deadline is judged by this
    submitted_at = models.DateTimeField()
    submitted_by = models.ForeignKey("people.User", on_delete=models.PROTECT)
    consent_version = models.CharField(max_length=20, blank=True)
    redacted_at = models.DateTimeField(null=True, blank=True)  # names were taken out: the hash is of what was sealed

    class Meta:
        ordering = ("application_id", "number")
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="version_once")]


class Endorsement(models.Model):
    """Whether the institution stands behind an application: asked of its heads, for one size and title (`subject`)."""

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="endorsement")
    subject = models.CharField(max_length=71)  # digest of what was endorsed: a change of size asks anew
    state = state_field(ENDORSEMENT)
    requested_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=1_000, blank=True)

    class Meta:
        ordering = ("requested_at", "id")
        constraints = [state_constraint(ENDORSEMENT, "endorsement_state")]


class Clearance(models.Model):
    """The programme has checked by hand what the call wants checked in a sealed version, and what it found."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="clearance")
    cleared_at = models.DateTimeField()
    cleared_by = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=1_000)


class Told(models.Model):
    """That whoever applies in a call was written to about one of its public events."""

    event = models.OneToOneField("calls.CallEvent", on_delete=models.PROTECT, related_name="+")
    told_at = models.DateTimeField()


class TeamMember(models.Model):
    """Somebody of the team as last submitted, known by address or name; conflicts of interest look here."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="team")
    name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    affiliation = models.CharField(max_length=120)
    role = models.CharField(max_length=20, default="member")

    class Meta:
        ordering = ("id",)
