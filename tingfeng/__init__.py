"""The ground: words every other room shares. Imports no other room."""

__version__ = "0.1.0"
