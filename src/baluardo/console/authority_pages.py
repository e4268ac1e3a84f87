"""The authority's pages: the same at an authority and at every site that forwards to it."""

from __future__ import annotations

from typing import Final

from baluardo.console.part import ConsolePage

SITE_PAGES: Final = tuple(
    ConsolePage(f"/{name}", f"{name}.html", {"it": italian, "en": english})
    for name, italian, english in (
        ("warnings", "Avvisi", "Warnings"),
        ("directory", "Rubrica", "Directory"),
        ("approvals", "Approvazioni", "Approvals"),
        ("policy", "Policy", "Policy"),
        ("sites", "Sedi", "Sites"),
        ("audit", "Registro", "Audit log"),
        ("me", "Il mio accesso", "My access"),
        ("sign-in", "Accedi", "Sign in"),
        ("enrol", "Registra questo dispositivo", "Enrol this device"),
    )
)
"""Who may do what on them is decided behind them."""

AUTHORITY_PAGES: Final = (
    ConsolePage("/start", "start.html", {"it": "Primi passi", "en": "First steps"}),
    ConsolePage("/handset", "handset.html", {"it": "Telefono di esercitazione", "en": "Handset"}),
    *SITE_PAGES,
)
