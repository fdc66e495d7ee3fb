"""A loopback server that speaks the platforms' wire formats; one file per platform. It holds invented posts only."""
