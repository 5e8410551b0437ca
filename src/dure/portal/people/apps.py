from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "dure.portal.people"
    label = "people"
