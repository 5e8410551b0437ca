from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "dure.portal.usage"
    label = "usage"
