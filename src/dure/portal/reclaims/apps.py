from django.apps import AppConfig


class ReclaimsConfig(AppConfig):
    name = "dure.portal.reclaims"
    label = "reclaims"
