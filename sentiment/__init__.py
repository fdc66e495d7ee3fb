"""Text → polarity, label, terms. Knows no source and no brand."""
