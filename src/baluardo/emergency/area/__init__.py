"""Where a warning goes: places, zones, circles, contours and outlines, and whom they hold."""
