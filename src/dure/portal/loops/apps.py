from django.apps import AppConfig


class LoopsConfig(AppConfig):
    name = "dure.portal.loops"
    label = "loops"
