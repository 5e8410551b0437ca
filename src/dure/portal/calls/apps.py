from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "dure.portal.calls"
    label = "calls"
