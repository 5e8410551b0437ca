"""A form field as a person meets it: label above, hint before error, all tied together for screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from dure.portal.framework.arrival import LARGEST_FILE
from dure.portal.site.icons import icon

_GROUPS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary: where the mistake is (an element id, or "") and what it is."""

    target: str
    message: str


def control_id(bound: BoundField) -> str:
    """The id of the first control of a field, which the error summary jumps to."""
    return f"{bound.auto_id}_0" if isinstance(bound.field.widget, _GROUPS) else bound.id_for_label or bound.auto_id


def render(bound: BoundField, *, unit: str = "", hint: str = "", label: str = "", **attrs: Any) -> SafeString:
    """The whole field. Further keywords become attributes of the control (`hx_get="…"` gives `hx-get`)."""
    if bound.is_hidden:
        return mark_safe(str(bound))  # noqa: S308
    widget = bound.field.widget
    hint, label = hint or str(bound.help_text or ""), label or str(bound.label or "")
    described = [
        f"{bound.auto_id}-{part}" for part, there in (("hint", hint), ("error", bound.errors), ("unit", unit)) if there
    ]
    attrs = {name.replace("_", "-"): value for name, value in attrs.items()}
    about = format_html("{}{}", _hint(bound, hint), _error(bound))
    if isinstance(widget, _GROUPS):
        return _group(bound, label, about, described, attrs)
    attrs |= {"aria-describedby": " ".join(described)} if described else {}
    if isinstance(widget, forms.CheckboxInput):
        return _checkbox(bound, label, about, attrs)
    if isinstance(widget, forms.FileInput):  # told before it is sent, by dure.js
        too_large = _("파일이 20MB를 넘어 보낼 수 없습니다. 줄이거나 나누어 올려 주십시오.")
        attrs |= {"data-most-bytes": LARGEST_FILE, "data-too-large": too_large}
    control = bound.as_widget(attrs=attrs)
    if unit:
        control = format_html(
            '<div class="control">{}<span class="unit" id="{}-unit">{}</span></div>', control, bound.auto_id, unit
        )
    return format_html(
        '<div class="field{}"><label for="{}">{}{}</label>{}{}</div>',
        _wrong(bound), bound.id_for_label, label, _mark(bound), about, control,
    )  # fmt: skip


def _group(bound: BoundField, label: str, about: str, described: list[str], attrs: dict[str, Any]) -> SafeString:
    rows = format_html_join(
        "",
        '<label class="choice" for="{}">{}<span>{}</span></label>',
        ((sub.id_for_label, _tag(sub, attrs), sub.choice_label) for sub in bound.subwidgets),
    )
    return format_html(
        '<fieldset class="field{}"{}><legend>{}{}</legend>{}<div class="choices">{}</div></fieldset>',
        _wrong(bound), _described(described), label, _mark(bound), about, rows,
    )  # fmt: skip


def _tag(sub: Any, attrs: dict[str, Any]) -> str:
    """One radio button or checkbox with the further attributes merged into its own."""
    sub.data["attrs"] = {**sub.data["attrs"], **attrs}
    return sub.tag(wrap_label=False)


def _checkbox(bound: BoundField, label: str, about: str, attrs: dict[str, Any]) -> SafeString:
    return format_html(
        '<div class="field{}">{}<label class="choice plain" for="{}">{}<span>{}{}</span></label></div>',
        _wrong(bound), about, bound.id_for_label, bound.as_widget(attrs=attrs), label,
        _mark(bound) if bound.field.required else "",
    )  # fmt: skip


def _wrong(bound: BoundField) -> str:
    return " wrong" if bound.errors else ""


def _described(ids: list[str]) -> SafeString:
    return format_html(' aria-describedby="{}"', " ".join(ids)) if ids else SafeString("")


def _hint(bound: BoundField, hint: str) -> SafeString:
    return format_html('<p class="hint" id="{}-hint">{}</p>', bound.auto_id, hint) if hint else SafeString("")


def _error(bound: BoundField) -> SafeString:
    if not bound.errors:
        return SafeString("")
    return format_html(
        '<p class="field-error" id="{}-error">{}<span><span class="sr">{}: </span>{}</span></p>',
        bound.auto_id, icon("alert"), _("오류"), " ".join(str(e) for e in bound.errors),
    )  # fmt: skip


def _mark(bound: BoundField) -> SafeString:
    """Required fields carry a star that is also said; optional ones say so."""
    if bound.field.required:
        return format_html('<span class="required" title="{}">*</span>', _("필수 입력"))
    return format_html('<span class="optional">{}</span>', _("선택"))


def problems(sources: Iterable[Any], language: str) -> Iterator[Problem]:
    """Everything wrong in forms, formsets (or lists of forms) and lists of core `Mistake`s, in page order."""
    for source in sources:
        if isinstance(source, forms.BaseForm):
            yield from _of_form(source)
        elif isinstance(source, forms.BaseFormSet):
            yield from (Problem("", str(e)) for e in source.non_form_errors())
            yield from problems(source.forms, language)
        elif hasattr(source, "sentence"):
            yield Problem(f"id_{source.where}" if source.where.isidentifier() else "", source.sentence(language))
        elif source:
            yield from problems(source, language)


def _of_form(form: forms.BaseForm) -> Iterator[Problem]:
    yield from (Problem("", str(e)) for e in form.non_field_errors())
    for bound in form:
        yield from (Problem(control_id(bound), f"{bound.label}: {e}") for e in bound.errors)
