"""The icons of the design system: path data on a 24 × 24 field, drawn here; strokes take the text colour."""

from __future__ import annotations

from functools import cache

from django.utils.safestring import SafeString, mark_safe

_PATHS = {
    "check": "M5 12.5 10 17.5 19 7",
    "check-circle": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8 12.3l2.8 2.8 5.4-5.8",
    "cross": "M6 6l12 12M18 6 6 18",
    "cross-circle": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM9 9l6 6M15 9l-6 6",
    "alert": "M12 3.5 22 20.5H2zM12 10v4.5M12 17.4v.1",
    "note": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 11v5.5M12 7.6v.1",
    "clock": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 7v5.2l3.4 2",
    "pencil": "M4 20l1-4.5L16.5 4 20 7.5 8.5 19zM14 6.5 17.5 10",
    "send": "M21 3 3 10.5l7 3.5 3.5 7zM10 14 21 3",
    "undo": "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "play": "M7 4.5 19 12 7 19.5z",
    "pause": "M8 5v14M16 5v14",
    "stop": "M6 6h12v12H6z",
    "flag": "M6 21V4M6 4.5h12l-3 4 3 4H6",
    "eye": "M2 12s3.6-6.5 10-6.5S22 12 22 12s-3.6 6.5-10 6.5S2 12 2 12zM15 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
    "scale": "M12 4v16M7 20h10M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z",
    "hand": "M7 12V6.5a1.5 1.5 0 0 1 3 0V11 4.5a1.5 1.5 0 0 1 3 0V11 5.5a1.5 1.5 0 0 1 3 0V12 8.5a1.5 1.5 0 0 1 3 0V15"
    "a6 6 0 0 1-6 6h-1.5a6 6 0 0 1-5-2.7L4 13.5a1.6 1.6 0 0 1 2.6-1.8z",
    "minus-circle": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM8 12h8",
    "question": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM9.5 9.5a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.9-1.1 1.8M12 16.7v.1",
    "gear": "M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1"
    "M16.6 16.6l2.1 2.1M18.7 5.3l-2.1 2.1M7.4 16.6l-2.1 2.1M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z",
    "wrench": "M14.5 6.5a4.5 4.5 0 0 1 6-3l-3 3 .5 2 2 .5 3-3a4.5 4.5 0 0 1-6.2 5.2L9 19a2.1 2.1 0 0 1-3-3l7.8-7.8",
    "server": "M4 4h16v7H4zM4 13h16v7H4zM7.5 7.5v.1M7.5 16.5v.1M11 7.5h6M11 16.5h6",
    "person": "M16 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM4 21c.6-4.2 3.8-6.5 8-6.5s7.4 2.3 8 6.5",
    "globe": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM3 12h18M12 3c5 5.5 5 12.5 0 18M12 3c-5 5.5-5 12.5 0 18",
    "contrast": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 3v18M12 7h6.4M12 11h8.5M12 15h8M12 19h4.5",
    "download": "M12 4v11M7 10.5l5 5 5-5M4 20h16",
    "search": "M17 10.5a6.5 6.5 0 1 1-13 0 6.5 6.5 0 0 1 13 0zM15.5 15.5 21 21",
    "filter": "M3 5h18l-7 8v6l-4 2v-8z",
    "file": "M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h7",
    "box": "M4 8l8-4.5L20 8v8.5L12 21l-8-4.5zM4 8l8 4.5L20 8M12 12.5V21",
    "print": "M7 8V3h10v5M7 17H4V8h16v9h-3M7 14h10v7H7z",
    "arrow-right": "M4 12h16M14 6l6 6-6 6",
    "up": "M12 19V5M6 11l6-6 6 6",
    "down": "M12 5v14M6 13l6 6 6-6",
    "up-down": "M8 10l4-4 4 4M8 14l4 4 4-4",
    "out": "M14 4H5v16h9M10 12h11M17 8l4 4-4 4",
    "flask": "M9 3h6M10 3v6L4.5 19a1.5 1.5 0 0 0 1.3 2h12.4a1.5 1.5 0 0 0 1.3-2L14 9V3M7.5 15h9",
    "coin": "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM7.5 9l2 6 2.5-6 2.5 6 2-6M6.5 12h11",
}


@cache
def icon(name: str) -> SafeString:
    """The icon as inline SVG, hidden from screen readers because a word always stands beside it. Raises KeyError."""
    # The paths are the constants above.
    return mark_safe(f'<svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d="{_PATHS[name]}"/></svg>')  # noqa: S308


def names() -> tuple[str, ...]:
    """All icons, for the style guide."""
    return tuple(_PATHS)
