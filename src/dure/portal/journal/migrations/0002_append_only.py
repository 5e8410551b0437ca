"""The database refuses to change or delete an entry."""

from django.db import migrations

from dure.portal.framework.sql import per_vendor


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [
        per_vendor(
            sqlite=[
                "CREATE TRIGGER journal_entry_no_update BEFORE UPDATE ON journal_entry "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
                "CREATE TRIGGER journal_entry_no_delete BEFORE DELETE ON journal_entry "
                "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
            ],
            postgresql=[
                "CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ "
                "BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
                "CREATE TRIGGER journal_entry_append_only BEFORE UPDATE OR DELETE ON journal_entry "
                "FOR EACH ROW EXECUTE FUNCTION journal_append_only()",
            ],
        )
    ]
