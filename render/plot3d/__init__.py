"""Races seen from aside: hills, cameras, what goes behind."""
