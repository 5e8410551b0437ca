from django.apps import AppConfig


class FleetConfig(AppConfig):
    name = "dure.portal.fleet"
    label = "fleet"
