"""Interactive pages for a browser."""
