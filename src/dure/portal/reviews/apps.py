from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "dure.portal.reviews"
    label = "reviews"
