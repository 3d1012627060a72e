"""The interactive window."""
