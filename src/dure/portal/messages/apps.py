from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "dure.portal.messages"
    label = "outbox"  # django.contrib.messages has the label "messages"
