"""What is drawn on axes, one function a picture, and the picture of a race."""
