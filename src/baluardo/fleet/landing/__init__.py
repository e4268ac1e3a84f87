"""Where a platform's traffic may touch ground: rules by flow and classification, and proofs."""
