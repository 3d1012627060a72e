"""AnimatedArtist pictures: the frames of a race, and the animation that saves them."""
