from django.apps import AppConfig


class ClockConfig(AppConfig):
    name = "dure.portal.clock"
    label = "clock"
