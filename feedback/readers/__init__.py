"""Readers of survey files; one file each."""
