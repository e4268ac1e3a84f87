"""The web frame: one server into which every part plugs its routes and pages."""
