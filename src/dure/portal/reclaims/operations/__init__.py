"""Reclaim: looking once a day (`daily`), what comes of a case (`cases`), the pace tables (`paces`)."""

from dure.portal.reclaims.operations.cases import accept, execute_due, justify, lapse_due, reject, reverse
from dure.portal.reclaims.operations.daily import look
from dure.portal.reclaims.operations.lending import lend_due

__all__ = ["accept", "execute_due", "justify", "lapse_due", "lend_due", "look", "reject", "reverse"]
