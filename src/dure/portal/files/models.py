from django.conf import settings
from django.db import models


class StoredFile(models.Model):
    """An uploaded file; its bytes lie under DURE_HOME/files by SHA-256, once however often uploaded."""

    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size_bytes = models.PositiveBigIntegerField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    organisation = models.ForeignKey("people.Organisation", on_delete=models.PROTECT, null=True)
    purpose = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("id",)
