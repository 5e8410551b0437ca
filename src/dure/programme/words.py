"""What every part of a programme file is made of: strict frozen parts, codes, percentages, texts in two languages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from dure.core.text import Text


class Part(BaseModel):
    """One part of the file. Frozen; an unknown key or a value of another type is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


NonEmpty = Annotated[str, Field(min_length=1, pattern=r"\S")]


class _Both(Part):
    """A text as the file writes it: Korean and English."""

    ko: NonEmpty
    en: NonEmpty


def _text_schema(_source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.no_info_after_validator_function(
        lambda both: Text(both.ko, both.en),
        handler(_Both),
        serialization=core_schema.plain_serializer_function_ser_schema(lambda text: {"ko": text.ko, "en": text.en}),
    )


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise PydanticCustomError("timezone_aware", "an instant needs its offset")
    return instant


Words = Annotated[Text, GetPydanticSchema(_text_schema)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Instant = Annotated[datetime, AfterValidator(_aware)]
Percent = Annotated[int, Field(ge=0, le=100)]
Permille = Annotated[int, Field(ge=0, le=1000)]
Amount = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=0, le=3660)]
