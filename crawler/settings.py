"""Scrapy's settings for every crawl of Tingfeng; what depends on the source is added by crawler.child.

Only what differs from Scrapy's defaults, each with its reason.
"""

from __future__ import annotations

from tingfeng import __version__

BOT_NAME = "tingfeng"
SPIDER_MODULES = ["crawler.spiders"]

# Honest and polite.
USER_AGENT = f"Tingfeng/{__version__} (brand monitor; obeys robots.txt)"
ROBOTSTXT_OBEY = True
ROBOTSTXT_USER_AGENT = "Tingfeng"
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_START_DELAY = 1.0
AUTOTHROTTLE_MAX_DELAY = 60.0
CONCURRENT_REQUESTS = 1
CONCURRENT_REQUESTS_PER_DOMAIN = 1

# Nothing may hang, nothing may swell.
DOWNLOAD_TIMEOUT = 30
DNS_TIMEOUT = 10
DOWNLOAD_MAXSIZE = 4 * 1024 * 1024
DOWNLOAD_WARNSIZE = 0
RETRY_TIMES = 2
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]  # without 429: that is a refusal, not an accident
RETRY_GIVE_UP_LOG_LEVEL = "WARNING"  # errors in the log fail the run; what a lost answer means the spider decides
REDIRECT_MAX_TIMES = 5
DOWNLOAD_VERIFY_CERTIFICATES = True  # Scrapy's default sends our cookies and tokens to anyone in between

# Doors and habits of Scrapy that a collector in a subprocess must not have.
REMOTE_CONTROL_ENABLED = False  # runs Python sent to a port
TELNETCONSOLE_ENABLED = False
TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS = ""  # else the first cookie fetches a list from abroad, without a time limit
COOKIES_ENABLED = False  # the operator's own cookie is sent as it is, to its own host only; no others are kept

# Each page is one item and its requests are made by the spider once: no filter, no workers per response.
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"
SCHEDULER_PRIORITY_QUEUE = "scrapy.pqueues.ScrapyPriorityQueue"
CONCURRENT_ITEMS = 1
WARN_ON_GENERATOR_RETURN_VALUE = False

# Written out as a whole, because Scrapy imports even what is set to None, and half of it is not for us: telnet and
# remote control run code for others, httperror, offsite and urllength drop things in silence.
DOWNLOADER_MIDDLEWARES_BASE = {
    "crawler.middlewares.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "crawler.middlewares.GuardMiddleware": 540,  # outside retry: sees what is left when retrying is over
    "crawler.middlewares.RetryMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
    "crawler.middlewares.RedirectMiddleware": 600,
    "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": 750,
    "crawler.middlewares.RateMiddleware": 900,
}
SPIDER_MIDDLEWARES_BASE: dict[str, int] = {}
EXTENSIONS_BASE = {
    "crawler.middlewares.Watch": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
DOWNLOAD_HANDLERS = {  # the web, and nothing of this machine
    "http": "crawler.doors.GuardedDownloadHandler",
    "https": "crawler.doors.GuardedDownloadHandler",
    "data": None,
    "file": None,
    "ftp": None,
    "s3": None,
}
TWISTED_DNS_RESOLVER = "crawler.doors.GuardedResolver"
ITEM_PIPELINES = {"crawler.pipelines.StorePipeline": 300}

LOG_LEVEL = "WARNING"
LOG_INSTALL_ROOT_HANDLER = False  # crawler.child has its own, which leaves secrets out
LOG_VERSIONS: list[str] = []
STATS_DUMP = False
