"""From facts to messages: subject, plain text, HTML and pictures. Pure but for the drawing engine.

Templates hold the layout, `wording` the phrases. The plain text has templates of its own: it is complete, not the HTML
with its tags torn out. HTML is escaped by default and undefined names are errors.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts import alert_words, digest_words, hot_words, pictures, wording
from alerts.digest import DigestFacts
from alerts.facts import AlertFacts, FreshnessFacts
from alerts.hot_lists import HotFacts
from alerts.views import gaps, post, source_bars, unseen, wave_of
from tingfeng.model import InlineImage, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message without its recipient."""

    subject: str
    text: str
    html: str
    images: tuple[InlineImage, ...] = ()


def render_alert(facts: AlertFacts, *, zone: ZoneInfo) -> Rendered:
    """The mail about a brand's incident: opened, still going on, or over, by `facts.reason`."""
    over, story = facts.reason is Reason.RESOLVED, alert_words.story(facts, zone)
    story += filter(None, [hot_words.line(facts.hot)])
    return _rendered(
        "alert",
        pictures.trend(facts, zone),
        subject=alert_words.subject(facts),
        headline=alert_words.headline(facts),
        preheader=story[0],
        tone="calm" if over else "alert",
        kicker=alert_words.kicker(facts),
        story=story,
        figures=alert_words.figures(facts),
        unseen=unseen(facts.blind_now, zone, now=facts.now),
        gaps=gaps(facts.blind, zone, now=facts.now),
        to_do=[wording.clean(step) for step in facts.to_do],
        to_do_title="之后可以做" if over else "现在可以做",
        posts=[post(p.mention, p.verdict, zone=zone, copies=p.copies) for p in facts.posts],
        wave=wave_of(facts.copied, zone),
        terms=facts.terms,
        sources=source_bars(facts.by_source),
        footer=alert_words.footer(facts, zone),
        silence=alert_words.silence_command(facts),
    )


def render_hot(facts: HotFacts, *, zone: ZoneInfo) -> Rendered:
    """The mail about a brand on hot lists: opened, on another one or still there, or gone, by `facts.reason`."""
    over, story = facts.reason is Reason.RESOLVED, hot_words.story(facts, zone)
    return _rendered(
        "hot",
        (),
        subject=hot_words.subject(facts),
        headline=hot_words.headline(facts),
        preheader=story[0],
        tone="calm" if over else "alert",
        kicker=hot_words.kicker(facts),
        story=story,
        figures=hot_words.figures(facts),
        gaps=gaps(hot_words.blind(facts.standing.blind), zone, now=facts.now),
        on=hot_words.entries(facts.standing.on, zone, on=True),
        unseen=hot_words.entries(facts.standing.unseen, zone, on=False),
        left=hot_words.entries(facts.standing.left, zone, on=False),
        to_do=[wording.clean(step) for step in facts.to_do],
        to_do_title="之后可以做" if over else "现在可以做",
        footer=hot_words.footer(facts, zone),
        silence=hot_words.silence_command(facts),
    )


def render_freshness(facts: FreshnessFacts, *, zone: ZoneInfo) -> Rendered:
    """The mail to the operator about a source we are blind in, or see again."""
    over, story = facts.reason is Reason.RESOLVED, alert_words.freshness_story(facts, zone)
    headline = alert_words.freshness_headline(facts)
    return _rendered(
        "freshness",
        (),
        subject=f"【听风·运维】{headline}",
        headline=headline,
        preheader=story[0],
        tone="calm" if over else "operator",
        kicker="来源已恢复" if over else "来源看不到数据",
        story=story,
        table=alert_words.freshness_table(facts, zone),
        gaps=gaps(facts.missing, zone, now=facts.now) if over else [],
        detail="" if over else wording.cut(facts.detail, 400),
        to_do=[wording.clean(step) for step in facts.to_do],
        footer=alert_words.freshness_footer(facts, zone),
    )


def render_digest(facts: DigestFacts, *, zone: ZoneInfo) -> Rendered:
    """The daily or weekly mail about one or several brands."""
    brands = [digest_words.brand_view(b, facts, zone) for b in facts.brands]
    images = tuple(image for b in brands for image in b.volume + b.opinion)
    return _rendered(
        "digest",
        images,
        subject=digest_words.subject(facts),
        headline=digest_words.headline(facts),
        preheader=digest_words.preheader(facts),
        tone="digest",
        kicker=digest_words.kicker(facts),
        story=digest_words.story(facts),
        unseen=unseen(facts.blind_now, zone, now=facts.now),
        gaps=gaps(facts.blind, zone, now=facts.now),
        gaps_sum=digest_words.gaps_sum(facts),
        brands=brands,
        footer=digest_words.footer(facts, zone),
    )


def _rendered(template: str, images: tuple[InlineImage, ...], *, subject: str, **words: Any) -> Rendered:
    values: Mapping[str, Any] = {"subject": subject, "images": images, **words}
    page = _environment().get_template(f"{template}.html.j2").render(values)
    text = _environment().get_template(f"{template}.txt.j2").render(values)
    return Rendered(subject=subject, text=text.strip() + "\n", html=_inliner().inline(page), images=images)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("alerts", "templates"),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"cut": wording.cut, "count": wording.count, "unbroken": wording.unbroken}
    return environment


@functools.cache
def _inliner() -> css_inline.CSSInliner:
    # Many clients drop <style>, so mail.css goes into the elements; screens.css (dark mode, phones) is for the others.
    return css_inline.CSSInliner(load_remote_stylesheets=False)


def preview_html(rendered: Rendered) -> str:
    """The HTML with its pictures inside, to be opened in a browser."""
    page = rendered.html
    for image in rendered.images:
        page = page.replace(f"cid:{image.cid}", f"data:image/png;base64,{base64.b64encode(image.png).decode('ascii')}")
    return page
