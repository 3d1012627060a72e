"""3-D views: surfaces, cameras and hidden parts."""
