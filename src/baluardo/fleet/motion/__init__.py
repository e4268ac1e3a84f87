"""Where a platform will be and how it moves there: tracks ahead, and the sea under a dish."""
