"""Where lists of destinations come from."""
