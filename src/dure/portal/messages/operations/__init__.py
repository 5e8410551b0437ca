"""Writing mail into the outbox, and support requests with their clock."""

from dure.portal.messages.operations.mail import announce as announce
from dure.portal.messages.operations.mail import failed as failed
from dure.portal.messages.operations.mail import sent as sent
from dure.portal.messages.operations.mail import write as write
from dure.portal.messages.operations.requests import ask_support as ask_support
from dure.portal.messages.operations.requests import close_support as close_support
from dure.portal.messages.operations.requests import pass_on as pass_on
from dure.portal.messages.operations.requests import remind_overdue as remind_overdue
from dure.portal.messages.operations.requests import reply_support as reply_support
