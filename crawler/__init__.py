"""The Scrapy project: where mentions come from."""
