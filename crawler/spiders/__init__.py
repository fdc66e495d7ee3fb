"""One file per source. A new source is one file here, its line in SPIDERS, and its tests."""

SPIDERS = {
    "weibo_mobile": "crawler.spiders.weibo_mobile:WeiboMobileSpider",
    "weibo_html": "crawler.spiders.weibo_html:WeiboHtmlSpider",
    "weibo_cli": "crawler.spiders.weibo_cli:WeiboCliSpider",
    "zhihu_open": "crawler.spiders.zhihu_open:ZhihuOpenSpider",
    "v2ex": "crawler.spiders.v2ex:V2exSpider",
    "feed": "crawler.spiders.feed:FeedSpider",
    "weibo_hot": "crawler.spiders.weibo_hot:WeiboHotSpider",
    "hot_boards": "crawler.spiders.hot_boards:HotBoardsSpider",
}
