"""What deserves saying, and saying it."""
