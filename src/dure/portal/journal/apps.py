from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "dure.portal.journal"
    label = "journal"
