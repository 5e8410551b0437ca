"""The outbox: mail as rows, sent by the deliver loop."""
