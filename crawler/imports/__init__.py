"""What others have gathered: tables of an agency or a vendor, recordings of a browser, saved pages → posts. Pure.

files.py bytes, bounded   tables.py mapping.py cells.py rows.py: tables   har.py pages.py: bodies, by the readers
identity.py: which post an address names
"""
