from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "dure.portal.privacy"
    label = "privacy"
