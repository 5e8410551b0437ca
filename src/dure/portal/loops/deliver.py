"""The loop that sends mail: the only place that speaks to a mail server.

Without DURE_SMTP_URL mail stays in the outbox, where its recipients read it. A process killed between the mail
server's answer and our note sends that mail once more, under the same Message-ID.
"""

from __future__ import annotations

import hashlib
import smtplib
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from dure.core.text import Text
from dure.portal.framework import programme as programmes
from dure.portal.messages import operations, queries
from dure.portal.people import queries as people

TIMEOUT_SECONDS = 20
LOOK_BACK = timedelta(days=2)

_DECIDED = {
    "active": (
        Text("{organisation}에 소속되었습니다", "You are now a member of {organisation}"),
        Text("이제 기관의 이름으로 신청할 수 있습니다.\n\n{url}", "You can now apply in its name.\n\n{url}"),
    ),
    "refused": (
        Text("{organisation}의 소속 신청이 거절되었습니다", "{organisation} has declined your request to join"),
        Text("까닭은 기관 대표자에게 문의해 주십시오.\n\n{url}", "Ask the head of the organisation why.\n\n{url}"),
    ),
    "requested": (
        Text("{person} 님이 {organisation} 소속을 신청했습니다", "{person} asks to join {organisation}"),
        Text("승인하거나 거절해 주십시오.\n\n{url}", "Please approve or decline.\n\n{url}"),
    ),
    "verified": (
        Text("{organisation}이(가) 확인되었습니다", "{organisation} has been verified"),
        Text("이제 신청서를 제출할 수 있습니다.\n\n{url}", "Applications can now be submitted.\n\n{url}"),
    ),
    "rejected": (
        Text("{organisation}을(를) 확인하지 못하였습니다", "{organisation} could not be verified"),
        Text(
            "까닭: {reason}\n\n고친 뒤 다시 확인을 받아 주십시오.\n\n{url}", "Reason: {reason}\n\nCorrect it.\n\n{url}"
        ),
    ),
}


def run(now: datetime) -> int:
    """Write what became known of memberships and organisations, then send what is unsent; how many mails left."""
    _announce_decisions(now)
    _send_invitations(now)
    if not settings.ENV.smtp_url:
        return 0
    return _send(now)


def _announce_decisions(now: datetime) -> None:
    for notice in people.notices(now - LOOK_BACK):
        subject, body = _DECIDED[notice.state]
        words = {
            "organisation": Text(notice.organisation.name, notice.organisation.named("en")),
            "person": notice.person,
            "reason": notice.reason,
            "url": f"{settings.ENV.public_url}/organisations/mine/",
        }
        for user_id in notice.to:
            operations.announce(
                key=f"{notice.key}:{user_id}",
                user_id=user_id,
                subject=subject.format(**words),
                body=body.format(**words),
                now=now,
            )


def _send_invitations(now: datetime) -> None:
    for one in people.invitations_since(now - LOOK_BACK):
        url = f"{settings.ENV.public_url}/invitations/{people.invitation_token(one.id)}/"
        ko, en = one.organisation.name, one.organisation.named("en")
        operations.write(
            key=f"invitation:{one.id}",
            to=one.email,
            subject=f"{ko}에서 초대합니다 / Invitation from {en}",
            body=f"14일 안에 로그인하여 받아들이십시오. / Sign in and accept within 14 days.\n\n{url}",
            now=now,
        )


def _send(now: datetime) -> int:
    waiting = queries.unsent(now)
    if not waiting:
        return 0
    count, current = 0, waiting[0]
    server = _server(settings.ENV.smtp_url)
    try:
        server.open()
        for current in waiting:
            try:
                server.send_messages([_mail(current)])
            except (smtplib.SMTPRecipientsRefused, ValueError) as error:  # ValueError: no such address can be
                operations.failed(message_id=current.id, error=str(error))
            else:
                operations.sent(message_id=current.id, now=now)
                count += 1
    except smtplib.SMTPException as error:
        # The server is out of order: this mail waits longer before it is tried again, the others go on next turn.
        operations.failed(message_id=current.id, error=str(error))
    finally:
        server.close()
    return count


def _server(url: str) -> EmailBackend:
    """The mail server at `smtp://USER:PASSWORD@HOST:PORT`; `smtps` is TLS from the start, a user means STARTTLS."""
    parts = urlsplit(url)
    return EmailBackend(
        host=parts.hostname,
        port=parts.port or (465 if parts.scheme == "smtps" else 25),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=parts.scheme == "smtps",
        use_tls=parts.scheme == "smtp" and bool(parts.username),
        timeout=TIMEOUT_SECONDS,
    )


def _mail(message: queries.MessageView) -> EmailMessage:
    host = urlsplit(settings.ENV.public_url).hostname or "localhost"
    name = hashlib.sha256(message.key.encode()).hexdigest()[:32]
    headers = {"Message-ID": f"<{name}@{host}>", "Date": format_datetime(message.written_at)}
    body = message.body + _signature()
    return EmailMessage(message.subject, body, settings.DEFAULT_FROM_EMAIL, [message.to], headers=headers)


def _signature() -> str:
    """Who writes, and in whose time: for readers of both languages, as mail programs know a signature."""
    current = programmes.current()
    return f"\n\n-- \n{current.name.ko} / {current.name.en}\n{settings.ENV.public_url}\n{current.timezone}\n"
