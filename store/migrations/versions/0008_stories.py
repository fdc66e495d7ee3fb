"""Stories: near-copies of one text, and the keys by which the next copy finds its story."""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

# Not frozen, unlike all else in here: rows must get the identity that the crawler of the running version will give.
from store.mentions import stored_id
from tingfeng.addresses import identity, is_front_page

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('story',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('sketch', sa.LargeBinary(), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('mention_id', sa.BigInteger(), nullable=False),
    sa.Column('platform', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('copies', sa.Integer(), nullable=False),
    sa.Column('authors', sa.Integer(), nullable=False),
    sa.Column('sources', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_story'))
    )
    with op.batch_alter_table('story', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_story_seen_at'), ['seen_at'], unique=False)

    op.create_table('story_key',
    sa.Column('key', sa.BigInteger(), autoincrement=False, nullable=False),
    sa.Column('way', sa.SmallInteger(), autoincrement=False, nullable=False),
    sa.Column('story_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'way', name=op.f('pk_story_key')),
    sqlite_with_rowid=False
    )

    _readdress(op.get_bind())


def _readdress(connection: sa.Connection) -> None:
    """Articles of feeds become pages of the web, so that a feed that still holds them does not bring them again.

    Left as they are: what has no address, what shares its address with other texts, what would be there twice.
    """
    mention = sa.table('mention', *map(sa.column, ('id', 'platform', 'native_id', 'url', 'text_key')))
    feeds = sa.and_(mention.c.platform.startswith('feed:'), mention.c.url != '')
    rows = connection.execute(sa.select(mention).where(feeds).order_by(mention.c.id)).all()
    found = {row.id: identity(row.url) for row in rows}
    texts: dict[object, set[str]] = defaultdict(set)
    for row in rows:
        texts[row.platform, found[row.id]].add(row.text_key)
    there = sa.select(mention.c.id).where(
        mention.c.platform == sa.bindparam('to_platform'), mention.c.native_id == sa.bindparam('to_id')
    )
    change = mention.update().where(mention.c.id == sa.bindparam('row')).values(
        platform=sa.bindparam('to_platform'), native_id=sa.bindparam('to_id')
    )
    for row in rows:
        new = found[row.id]
        if new is None or len(texts[row.platform, new]) > 1 or is_front_page(new[1]):
            continue
        to = {'to_platform': new[0], 'to_id': stored_id(new[1])}
        if connection.execute(there, to).first() is None:
            connection.execute(change, {**to, 'row': row.id})
