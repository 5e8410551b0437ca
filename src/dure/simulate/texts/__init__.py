"""Invented Korean names, research subjects and remarks. No person, organisation or project here is a real one."""
