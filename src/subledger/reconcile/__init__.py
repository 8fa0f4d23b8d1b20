"""Our books against a broker's, as a list of breaks."""
