"""Public questions: asked by people, answered in public by the programme, hidden where they must not be public."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from dure.core.errors import IllegalTransition, NotFound
from dure.core.text import Text
from dure.portal.calls.models import Call, Question
from dure.portal.calls.operations.keeping import LONGEST_TEXT, require_text
from dure.portal.calls.queries import may_see
from dure.portal.framework.states import locked
from dure.portal.journal.operations import append
from dure.portal.messages import operations as messages
from dure.portal.people.actor import Actor

LONGEST_QUESTION = 2_000


@transaction.atomic
def ask(*, actor: Actor, now: datetime, code: str, text: str) -> int:
    """Ask a public question; it is shown, without the asker's name, once answered."""
    row = locked(Call.objects, code=code)
    if not may_see(actor, row.state):
        raise NotFound(internal=f"call {code} is a draft")
    actor.require(actor.user_id is not None)
    require_text("text", text, LONGEST_QUESTION)
    question = Question.objects.create(call=row, asked_by_id=actor.user_id, asked_at=now, text=text.strip())
    append(at=now, actor=actor.name, event="calls.ask", subject=f"call:{code}", question=question.pk)
    return question.pk


@transaction.atomic
def answer(*, actor: Actor, now: datetime, code: str, question_id: int, text: str) -> None:
    """Answer a question publicly and write to whoever asked; answering again corrects the answer."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Question.objects, call__code=code, pk=question_id)
    if row.hidden_at is not None:
        public = Text("가린 질문에는 답할 수 없습니다.", "A hidden question cannot be answered.")
        raise IllegalTransition("question", "hidden", "answer", public)
    require_text("text", text, LONGEST_TEXT)
    is_again = row.answered_at is not None
    row.answer, row.answered_at = text.strip(), now
    row.save(update_fields=["answer", "answered_at"])
    _tell(row, code, now, "answer", _ANSWERED_AGAIN if is_again else _ANSWERED, row.answer)
    append(at=now, actor=actor.name, event="calls.answer", subject=f"call:{code}", question=row.pk, answer=row.answer)


@transaction.atomic
def hide_question(*, actor: Actor, now: datetime, code: str, question_id: int, reason: str) -> None:
    """Take a question off the public page (personal data, abuse, another subject); whoever asked reads the reason."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Question.objects, call__code=code, pk=question_id)
    require_text("reason", reason, 500)
    if row.hidden_at is not None:
        return
    row.hidden_at, row.hidden_reason = now, reason.strip()
    row.save(update_fields=["hidden_at", "hidden_reason"])
    _tell(row, code, now, "hidden", _HIDDEN, row.hidden_reason)
    append(
        at=now, actor=actor.name, event="calls.hide_question", subject=f"call:{code}", question=row.pk, reason=reason
    )


@transaction.atomic
def show_question(*, actor: Actor, now: datetime, code: str, question_id: int) -> None:
    """Put a hidden question back."""
    actor.require(actor.is_programme_manager or actor.is_system)
    row = locked(Question.objects, call__code=code, pk=question_id)
    row.hidden_at, row.hidden_reason = None, ""
    row.save(update_fields=["hidden_at", "hidden_reason"])
    append(at=now, actor=actor.name, event="calls.show_question", subject=f"call:{code}", question=row.pk)


_ANSWERED = Text("[{code}] 질문에 답변을 드렸습니다", "[{code}] Your question was answered")
_ANSWERED_AGAIN = Text("[{code}] 답변을 고쳤습니다", "[{code}] The answer to your question was corrected")
_HIDDEN = Text("[{code}] 질문을 공개하지 않기로 하였습니다", "[{code}] Your question is not shown in public")


def _tell(row: Question, code: str, now: datetime, what: str, subject: Text, said: str) -> None:
    messages.announce(
        key=f"question:{row.pk}:{what}:{now:%Y%m%dT%H%M%S%f}",
        user_id=row.asked_by_id,
        subject=subject.format(code=code),
        body=Text(
            f"질문: {row.text}\n\n{said}\n\n공모 화면: /calls/{code}/",
            f"Question: {row.text}\n\n{said}\n\nThe call: /calls/{code}/",
        ),
        now=now,
    )
