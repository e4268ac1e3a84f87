"""PACE plans of platforms: which bearer when, what it carries by precedence, and drills."""
