"""The Common Alerting Protocol (OASIS CAP 1.2): alerts read, judged, written, followed."""
