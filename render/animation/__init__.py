"""Animations of races, and the frames that they consist of."""
