from django.apps import AppConfig


class OutcomesConfig(AppConfig):
    name = "dure.portal.outcomes"
    label = "outcomes"
