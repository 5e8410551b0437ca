import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("outbox", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SupportRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(max_length=40)),
                ("answerer", models.CharField(db_index=True, max_length=40)),
                ("title", models.CharField(max_length=200)),
                ("about", models.CharField(blank=True, max_length=200)),
                ("state", models.CharField(db_index=True, default="waiting", max_length=16)),
                ("asked_at", models.DateTimeField()),
                ("respond_by", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("reminded_at", models.DateTimeField(blank=True, null=True)),
                ("asked_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ("-asked_at", "-id"),
                "indexes": [models.Index(condition=models.Q(("state", "waiting")), fields=["respond_by"], name="support_waiting")],
                "constraints": [models.CheckConstraint(condition=models.Q(("state__in", ("waiting", "answered", "closed"))), name="support_state")],
            },
        ),
        migrations.CreateModel(
            name="SupportEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("written_at", models.DateTimeField()),
                ("is_answer", models.BooleanField()),
                ("text", models.TextField()),
                ("file_ids", models.JSONField(default=list)),
                ("request", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="entries", to="outbox.supportrequest")),
                ("written_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ("written_at", "id")},
        ),
    ]
