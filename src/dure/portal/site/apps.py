from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "dure.portal.site"
    label = "site_pages"
