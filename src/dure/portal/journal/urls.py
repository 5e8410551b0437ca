"""Addresses of this chapter."""

from __future__ import annotations

urlpatterns: list[object] = []
