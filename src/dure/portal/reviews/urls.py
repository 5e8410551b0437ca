"""Addresses of this chapter."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
