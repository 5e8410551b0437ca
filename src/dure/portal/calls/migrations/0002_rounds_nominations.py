import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("calls", "0001_initial"),
        ("people", "0002_nominators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(model_name="call", name="number", field=models.PositiveSmallIntegerField(blank=True, null=True)),
        migrations.AddField(model_name="call", name="series", field=models.SlugField(blank=True, default="", max_length=40), preserve_default=False),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(condition=models.Q(("series", ""), _negated=True), fields=("series", "number"), name="call_round_once"),
        ),
        migrations.AddField(model_name="question", name="hidden_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.AddField(model_name="question", name="hidden_reason", field=models.CharField(blank=True, default="", max_length=500), preserve_default=False),
        migrations.CreateModel(
            name="Nomination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ministry", models.CharField(max_length=40)),
                ("project", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("nominated_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_reason", models.CharField(blank=True, max_length=500)),
                ("call", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="nominations", to="calls.call")),
                ("nominated_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("organisation", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.organisation")),
            ],
            options={
                "ordering": ("ministry", "nominated_at", "id"),
                "constraints": [models.UniqueConstraint(condition=models.Q(("withdrawn_at", None)), fields=("call", "organisation"), name="nomination_once")],
            },
        ),
    ]
