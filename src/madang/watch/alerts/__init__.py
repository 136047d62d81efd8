"""Alerts: conditions on what goes on, judged every few seconds; what was raised and ended is on record."""
