from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "dure.portal.plans"
    label = "plans"
