"""The embedded default: a loopback replica that speaks the platforms’ wire formats, and the story it tells."""
