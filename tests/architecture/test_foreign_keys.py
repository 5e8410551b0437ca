"""Foreign keys point the same way as the story: to the same chapter or an earlier one."""

from __future__ import annotations

from django.apps import apps
from django.conf import settings


def _order() -> dict[str, int]:
    labels = ["clock", *("outbox" if chapter == "messages" else chapter for chapter in settings.CHAPTERS), "loops"]
    return {label: place for place, label in enumerate(labels)}


def test_foreign_keys_point_to_earlier_chapters() -> None:
    order = _order()
    wrong = []
    for label, place in order.items():
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                if field.concrete and field.is_relation:
                    target = field.related_model._meta.app_label
                    if target in order and order[target] > place:
                        wrong.append(f"{model.__name__}.{field.name} → {field.related_model.__name__}")
    assert wrong == []


def test_every_state_column_has_its_database_constraint() -> None:
    missing = []
    for label in _order():
        for model in apps.get_app_config(label).get_models():
            names = {field.name for field in model._meta.get_fields()}
            if "state" in names:
                guarded = any("state" in str(getattr(c, "condition", "")) for c in model._meta.constraints)
                if not guarded:
                    missing.append(model.__name__)
    assert missing == []
