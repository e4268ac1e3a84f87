"""The cryptographic bill of materials: what this house uses, where, and how strong it is."""
