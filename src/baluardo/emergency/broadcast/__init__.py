"""Cell broadcast (3GPP TS 23.041): what phones receive, made and read."""
