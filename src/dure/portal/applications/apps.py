from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "dure.portal.applications"
    label = "applications"
