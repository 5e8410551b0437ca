from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "dure.portal.billing"
    label = "billing"
