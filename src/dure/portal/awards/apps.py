from django.apps import AppConfig


class AwardsConfig(AppConfig):
    name = "dure.portal.awards"
    label = "awards"
