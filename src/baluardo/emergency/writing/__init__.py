"""Warnings written: templates by risk, drafts, the alert that is made of one, and its checks."""
