"""Load the clusters of the programme file; with an address, make that registered person a programme manager.

    python deploy/start_programme.py [EMAIL]

Reads the portal's environment variables. Safe to repeat. Later programme managers are appointed on the portal's page.
"""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    """Exit status 0, or 2 when nobody has registered with the address."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dure.portal.settings")
    import django

    django.setup()
    from dure.core.errors import NotFound
    from dure.portal.clock.queries import now
    from dure.portal.fleet import operations as fleet
    from dure.portal.people import operations as people
    from dure.portal.people.actor import system
    from dure.portal.people.queries import actor_by_email

    actor = system("command:start-programme")
    made = fleet.load_programme(actor=actor, now=now())
    sys.stdout.write(f"{made} new servers\n")
    for email in arguments[:1]:
        try:
            person = actor_by_email(email)
        except NotFound:
            sys.stderr.write(f"Nobody has registered as {email}. Let them sign up first.\n")
            return 2
        people.give_role(actor=actor, now=now(), user_id=person.user_id or 0, role="programme_manager")
        sys.stdout.write(f"{email} is a programme manager\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
