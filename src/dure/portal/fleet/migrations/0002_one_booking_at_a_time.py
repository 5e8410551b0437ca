"""The database refuses two bookings on one node at one time (all kinds but lend)."""

from django.db import migrations

from dure.portal.framework.sql import per_vendor

OVERLAP = (
    "SELECT RAISE(ABORT, 'booking_exclusion') WHERE NEW.kind <> 'lend' AND EXISTS (SELECT 1 FROM fleet_booking b "
    "WHERE b.node_id = NEW.node_id AND b.kind <> 'lend' AND b.id IS NOT NEW.id "
    "AND b.start_at < NEW.end_at AND NEW.start_at < b.end_at)"
)


class Migration(migrations.Migration):
    dependencies = [("fleet", "0001_initial")]
    operations = [
        per_vendor(
            sqlite=[
                f"CREATE TRIGGER booking_exclusion_insert BEFORE INSERT ON fleet_booking BEGIN {OVERLAP}; END",
                f"CREATE TRIGGER booking_exclusion_update BEFORE UPDATE ON fleet_booking BEGIN {OVERLAP}; END",
            ],
            postgresql=[
                "CREATE EXTENSION IF NOT EXISTS btree_gist",
                "ALTER TABLE fleet_booking ADD CONSTRAINT booking_exclusion EXCLUDE USING gist "
                "(node_id WITH =, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (kind <> 'lend')",
            ],
        )
    ]
