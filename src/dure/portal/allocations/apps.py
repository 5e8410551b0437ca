from django.apps import AppConfig


class AllocationsConfig(AppConfig):
    name = "dure.portal.allocations"
    label = "allocations"
