from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import MEMBERSHIP, ORGANISATION
from dure.portal.framework.states import state_constraint, state_field


class Accounts(BaseUserManager["User"]):
    """Makes users by e-mail address."""

    def create_user(self, email: str, password: str | None = None, **columns: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **columns)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person who signs in, by e-mail address."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=80, blank=True)
    name_en = models.CharField(max_length=80, blank=True)
    language = models.CharField(max_length=5, default="ko")
    orcid = models.CharField(max_length=19, blank=True)
    is_active = models.BooleanField(default=True)
    is_synthetic = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    objects = Accounts()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ("id",)


class Consent(models.Model):
    """That a person agreed to one version of a document (for example "privacy"), and when."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="consents")
    document = models.CharField(max_length=20)
    version = models.CharField(max_length=10)
    given_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["user", "document", "version"], name="consent_once")]


class Organisation(models.Model):
    """A university, institute, company or public body that applies; `applicant_class` is a code of the programme."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120, blank=True)
    applicant_class = models.CharField(max_length=40)
    region = models.CharField(max_length=40)
    is_youth = models.BooleanField(default=False)
    registration_number = models.CharField(max_length=20, blank=True)
    email_domain = models.CharField(max_length=120, blank=True)
    ror = models.CharField(max_length=40, blank=True)
    is_synthetic = models.BooleanField(default=False)
    state = state_field(ORGANISATION)
    state_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)  # when the programme last verified or rejected it

    class Meta:
        ordering = ("code",)
        constraints = [
            state_constraint(ORGANISATION, "organisation_state"),
            models.UniqueConstraint(
                fields=["registration_number"], condition=~Q(registration_number=""), name="organisation_number_once"
            ),
        ]


class Membership(models.Model):
    """A person in an organisation; `role` is "head" (may add members, sign agreements), "finance" (whom to ask about
    bills) or "member"."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, default="member")
    state = state_field(MEMBERSHIP)
    since_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            state_constraint(MEMBERSHIP, "membership_state"),
            models.UniqueConstraint(fields=["user", "organisation"], name="membership_once"),
            models.CheckConstraint(condition=Q(role__in=["head", "member", "finance"]), name="membership_role"),
        ]


class Invitation(models.Model):
    """A link that asks somebody into an organisation; the link is signed, single, and ends with `expires_at`."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, default="member")
    sent_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
            models.CheckConstraint(condition=Q(role__in=["head", "member", "finance"]), name="invitation_role"),
        ]


class Role(models.Model):
    """What a person may do for the programme; `scope` is the provider's code for the role "provider",
    the ministry's for "nominator", else empty."""

    ROLES = ("programme_manager", "reviewer", "finance", "auditor", "provider", "nominator")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=20)
    scope = models.CharField(max_length=40, blank=True)
    since_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "scope"], name="role_once"),
            models.CheckConstraint(
                condition=Q(role__in=["programme_manager", "reviewer", "finance", "auditor", "provider", "nominator"]),
                name="role_known",
            ),
        ]
