from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "dure.portal.files"
    label = "files"
