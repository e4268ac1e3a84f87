"""Beams for warnings: who can light whom, which satellite lights which cell, whom that reaches."""
