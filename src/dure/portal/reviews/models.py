from django.db import models
from django.db.models import Q

from dure.decide.lifecycles import AGENDA_ITEM, ASSIGNMENT, FEASIBILITY, INTERVIEW, INVITATION, MEETING
from dure.portal.framework.states import state_constraint, state_field

OPEN_STATES = ("assigned", "in_progress", "submitted")


class Reviewer(models.Model):
    """A reviewer's expertise and load limit (reviews in one call)."""

    user = models.OneToOneField("people.User", on_delete=models.PROTECT, related_name="reviewer")
    affiliation = models.CharField(max_length=120)
    former_affiliations = models.JSONField(default=list)
    keywords = models.JSONField(default=list)
    expertise = models.TextField(blank=True)  # free text, compared with proposals
    is_active = models.BooleanField(default=True)
    load_limit = models.PositiveSmallIntegerField(default=30)
    is_synthetic = models.BooleanField(default=False)
    joined_at = models.DateTimeField()


class Conflict(models.Model):
    """A conflict of interest of a reviewer with an application: declared or detected, with its evidence.

    Whether there is one is asked of the records anew at every read; a row is how a person declares one, and how the
    programme dismisses or waives one that was found.
    """

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="conflicts")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    evidence = models.JSONField()  # {"ko", "en"}
    source = models.CharField(max_length=10)  # declared or detected
    standing = models.CharField(max_length=10, default="stands")  # stands, dismissed or waived
    reason = models.CharField(max_length=300, blank=True)
    plan = models.CharField(max_length=300, blank=True)  # of a waiver: what keeps it from doing harm
    found_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "application", "kind"], name="conflict_once"),
            models.CheckConstraint(condition=Q(source__in=["declared", "detected"]), name="conflict_source"),
            models.CheckConstraint(
                condition=Q(standing__in=["stands", "dismissed", "waived"]), name="conflict_standing"
            ),
        ]


class Assignment(models.Model):
    """A reviewer's duty to score one application; for an appeal it is a fresh look that counts in no score."""

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="assignments")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, default="review")  # review or appeal
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="successor")
    state = state_field(ASSIGNMENT)
    assigned_at = models.DateTimeField()
    due_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    match_permille = models.IntegerField(default=0)
    why = models.JSONField(default=dict)
    state_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = [
            state_constraint(ASSIGNMENT, "assignment_state"),
            models.CheckConstraint(condition=Q(purpose__in=["review", "appeal"]), name="assignment_purpose"),
            models.UniqueConstraint(
                fields=["reviewer", "application"],
                condition=Q(state__in=["assigned", "in_progress", "submitted"]),
                name="assignment_once",
            ),
        ]


class Review(models.Model):
    """The scores a reviewer gave: points per criterion of the call's rubric, total in tenths of a point."""

    assignment = models.OneToOneField(Assignment, on_delete=models.PROTECT, related_name="review")
    points_tenths = models.JSONField(default=dict)  # {criterion code: tenths of a point}
    total_tenths = models.PositiveIntegerField(null=True, blank=True)
    to_applicant = models.TextField(blank=True)
    to_panel = models.TextField(blank=True)
    saved_at = models.DateTimeField()


class Invitation(models.Model):
    """A link that asks somebody to join the pool. Only the hash of its token is kept.

    Who accepts says what the pool needs to know (`answers`), before there is an account.
    """

    email = models.EmailField()
    name = models.CharField(max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=500, blank=True)
    load_limit = models.PositiveSmallIntegerField(default=30)
    state = state_field(INVITATION)
    answers = models.JSONField(default=dict)
    state_reason = models.CharField(max_length=300, blank=True)
    user = models.ForeignKey("people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sent_by = models.CharField(max_length=254)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-sent_at", "-id")
        constraints = [
            state_constraint(INVITATION, "invitation_state"),
            models.UniqueConstraint(
                fields=["email"], condition=Q(state__in=["sent", "accepted"]), name="invitation_once"
            ),
        ]


class Declaration(models.Model):
    """That a reviewer has looked at who applies in a call and declared every conflict, and when.

    Without one, nothing of any proposal of that call is shown to the reviewer.
    """

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="declarations")
    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="+")
    text_version = models.CharField(max_length=10)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reviewer", "call"], name="declaration_once")]


class Bid(models.Model):
    """How much a reviewer would like to review an application."""

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="bids")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    wish = models.CharField(max_length=10)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reviewer", "application"], name="bid_once"),
            models.CheckConstraint(condition=Q(wish__in=["eager", "willing", "unwilling"]), name="bid_wish"),
        ]


class Upkeep(models.Model):
    """How the reviewers of a call are reminded and replaced; without a row `decide.reminding.Rules` as they are."""

    call = models.OneToOneField("calls.Call", on_delete=models.PROTECT, related_name="+")
    remind_before_days = models.PositiveSmallIntegerField()
    remind_after_days = models.PositiveSmallIntegerField()
    replace_after_days = models.PositiveSmallIntegerField()
    most_replacements = models.PositiveSmallIntegerField()
    is_automatic = models.BooleanField()


class Recheck(models.Model):
    """Up to which entry of the journal the conflicts of a call's open reviews were looked for anew, and when."""

    call = models.OneToOneField("calls.Call", on_delete=models.PROTECT, related_name="+")
    journal_seq = models.PositiveBigIntegerField()
    made_at = models.DateTimeField()


class Reminder(models.Model):
    """That a reviewer was reminded of one assignment at one stage, or that the office was told of a stuck seat."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="reminders")
    stage = models.CharField(max_length=10)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "stage"], name="reminder_once")]


class Remark(models.Model):
    """One contribution to the discussion of a proposal among its reviewers and the programme."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)


class SetAside(models.Model):
    """An application that no plan may consider, by a decision of the panel or on a provider's advice."""

    application = models.OneToOneField("applications.Application", on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=12)  # panel or feasibility
    reason = models.CharField(max_length=500)
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(source__in=["panel", "feasibility"]), name="set_aside_source")
        ]


class Meeting(models.Model):
    """A panel meeting on applications of one call."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    state = state_field(MEETING)
    reviewers = models.ManyToManyField(Reviewer, related_name="meetings")

    class Meta:
        ordering = ("-starts_at", "-id")
        constraints = [state_constraint(MEETING, "meeting_state")]


class AgendaItem(models.Model):
    """One application on a meeting's agenda; `decision` is "keep" or "reject" once settled."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="items")
    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    state = state_field(AGENDA_ITEM)
    decision = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("position", "id")
        constraints = [
            state_constraint(AGENDA_ITEM, "agenda_item_state"),
            models.UniqueConstraint(fields=["meeting", "application"], name="agenda_item_once"),
            models.UniqueConstraint(fields=["meeting"], condition=Q(state="open"), name="agenda_one_open"),
            models.CheckConstraint(condition=Q(decision__in=["", "keep", "reject"]), name="agenda_decision"),
        ]


class Minute(models.Model):
    """A line of the minutes: of the meeting, or of one item; never changed."""

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="minutes")
    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, null=True, blank=True, related_name="minutes")
    kind = models.CharField(max_length=10)  # note, opened, settled, score …
    text = models.JSONField()  # {"ko", "en"}
    made_by = models.CharField(max_length=254)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)


class ScoreChange(models.Model):
    """A total that a reviewer changed after handing in, with the reason; tenths of a point."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="changes")
    before = models.JSONField()  # points_tenths
    after = models.JSONField()
    total_before_tenths = models.PositiveIntegerField()
    total_after_tenths = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)


class Feasibility(models.Model):
    """What a provider says about running an application on its clusters, and what the programme made of it."""

    application = models.ForeignKey("applications.Application", on_delete=models.PROTECT, related_name="+")
    provider = models.CharField(max_length=40)
    state = state_field(FEASIBILITY)
    reason = models.CharField(max_length=500, blank=True)  # the conditions, or why it cannot be done
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answered_by = models.CharField(max_length=254, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    judgement_reason = models.CharField(max_length=500, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("application__number", "provider")
        constraints = [
            state_constraint(FEASIBILITY, "feasibility_state"),
            models.UniqueConstraint(fields=["application", "provider"], name="feasibility_once"),
        ]


class InterviewSlot(models.Model):
    """A time at which a large project may be interviewed."""

    call = models.ForeignKey("calls.Call", on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    minutes = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=200)

    class Meta:
        ordering = ("starts_at", "id")
        constraints = [
            models.UniqueConstraint(fields=["call", "starts_at", "place"], name="interview_slot_once"),
        ]


class Interview(models.Model):
    """The interview of one application: invited to choose a slot, booked, held with a result in tenths of a point."""

    application = models.OneToOneField("applications.Application", on_delete=models.PROTECT, related_name="+")
    slot = models.OneToOneField(
        InterviewSlot, on_delete=models.PROTECT, null=True, blank=True, related_name="interview"
    )
    state = state_field(INTERVIEW)
    invited_at = models.DateTimeField()
    total_tenths = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    held_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("application__number",)
        constraints = [state_constraint(INTERVIEW, "interview_state")]
