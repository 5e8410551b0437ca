"""Who may use an allocation: its members and their SSH keys. A change goes out with the next desired state."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import InvalidInput, Mistake, NotFound
from dure.core.text import Text
from dure.decide import ssh_keys
from dure.portal.allocations.models import Access, Allocation, SshKey
from dure.portal.allocations.operations.desired import renew_members
from dure.portal.allocations.queries import allocation
from dure.portal.framework.states import locked
from dure.portal.journal import operations as journal
from dure.portal.people import queries as people
from dure.portal.people.actor import Actor

MOST_KEYS = 10


@transaction.atomic
def add_ssh_key(*, actor: Actor, now: datetime, label: str, public_key: str) -> int:
    """Add a public key of the person's own; it opens every allocation they have access to. Returns its id.

    The same key again changes nothing. Raises InvalidInput for weak keys, private keys and too many keys.
    """
    actor.require(actor.user_id is not None)
    key = ssh_keys.read(public_key)
    live = SshKey.objects.filter(user_id=actor.user_id, revoked_at=None)
    there = live.filter(fingerprint=key.fingerprint).first()
    if there is not None:
        return there.pk
    if live.count() >= MOST_KEYS:
        what = Text(f"키는 {MOST_KEYS}개까지 둘 수 있습니다.", f"At most {MOST_KEYS} keys can be kept.")
        raise InvalidInput(Mistake("public_key", what, Text("쓰지 않는 키를 폐기해 주십시오.", "Revoke one first.")))
    row = SshKey.objects.create(
        user_id=actor.user_id,
        label=label.strip()[:80] or key.kind,
        public_key=key.line,
        fingerprint=key.fingerprint,
        added_at=now,
    )
    renew_members(_usable_by(actor.user_id), "ssh key added", now)
    subject = f"person:{actor.user_id}"
    detail = {"fingerprint": key.fingerprint, "kind": key.kind}
    journal.append(at=now, actor=actor.name, event="allocations.add_ssh_key", subject=subject, **detail)
    return row.pk


@transaction.atomic
def revoke_ssh_key(*, actor: Actor, now: datetime, key_id: int) -> None:
    """Revoke one of the person's own keys; repeating changes nothing. Raises NotFound for somebody else's."""
    actor.require(actor.user_id is not None)
    row = locked(SshKey.objects.all(), pk=key_id, user_id=actor.user_id)
    if row.revoked_at is not None:
        return
    SshKey.objects.filter(pk=row.pk).update(revoked_at=now)
    renew_members(_usable_by(actor.user_id), "ssh key revoked", now)
    subject, detail = f"person:{actor.user_id}", {"fingerprint": row.fingerprint}
    journal.append(at=now, actor=actor.name, event="allocations.revoke_ssh_key", subject=subject, **detail)


@transaction.atomic
def add_member(*, actor: Actor, now: datetime, name: str, email: str) -> None:
    """Let another member of the organisation use the allocation; repeating changes nothing.

    Raises NotFound, NotPermitted for anybody but heads of the organisation and people with access, InvalidInput for
    somebody who is no active member.
    """
    row = _managed(actor, name)
    found = [m for m in people.members(row.organisation_id) if m.email.lower() == email.strip().lower()]
    if not found:
        raise InvalidInput(
            Mistake(
                "email",
                Text("이 기관에 소속된 사람이 아닙니다.", "Not an active member of this organisation."),
                Text("먼저 기관에 가입하도록 안내해 주십시오.", "Ask them to join the organisation first."),
            )
        )
    _, is_new = Access.objects.get_or_create(
        allocation=row, user_id=found[0].user_id, removed_at=None, defaults={"since_at": now}
    )
    if is_new:
        renew_members([row], "member added", now)
        _journal(actor, now, "allocations.add_member", name, found[0].user_id)


@transaction.atomic
def remove_member(*, actor: Actor, now: datetime, name: str, user_id: int) -> None:
    """End a person's access; repeating changes nothing. Raises as `add_member` does; the last one stays."""
    row = _managed(actor, name)
    live = Access.objects.filter(allocation=row, removed_at=None)
    if not live.filter(user_id=user_id).exists():
        return
    if live.count() == 1:
        what = Text("사용자가 한 명은 있어야 합니다.", "At least one person must keep access.")
        raise InvalidInput(Mistake("email", what))
    live.filter(user_id=user_id).update(removed_at=now)
    renew_members([row], "member removed", now)
    _journal(actor, now, "allocations.remove_member", name, user_id)


def _managed(actor: Actor, name: str) -> Allocation:
    view = allocation(name, actor)
    row: Allocation = locked(Allocation.objects.select_related("revision", "cluster"), pk=view.id)
    has_access = Access.objects.filter(allocation=row, user_id=actor.user_id, removed_at=None).exists()
    actor.require(row.organisation_id in actor.headed or has_access)
    if row.state != "present":
        raise NotFound(Text("이미 끝난 할당입니다.", "This allocation is over."), f"{name} has ended")
    return row


def _usable_by(user_id: int | None) -> list[Allocation]:
    live = Access.objects.filter(user_id=user_id, removed_at=None).values("allocation_id")
    return list(Allocation.objects.select_related("revision", "cluster").filter(pk__in=live, state="present"))


def _journal(actor: Actor, now: datetime, event: str, name: str, user_id: int) -> None:
    journal.append(at=now, actor=actor.name, event=event, subject=f"allocation:{name}", person=user_id)
