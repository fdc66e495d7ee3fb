"""Mentions of more kinds, with parent, optional author name, tombstone and story; pairs with a relevance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # All of them can be added in place: no table is copied.
    with op.batch_alter_table('mention', schema=None) as batch_op:
        batch_op.add_column(sa.Column('kind', sa.String(length=20), server_default='post', nullable=False))
        batch_op.add_column(sa.Column('parent', sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column('author_name', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('story_id', sa.BigInteger(), nullable=True))
        batch_op.create_index(batch_op.f('ix_mention_story_id'), ['story_id'], unique=False)

    with op.batch_alter_table('mention_brand', schema=None) as batch_op:
        batch_op.add_column(sa.Column('relevant', sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column('relevance', sa.Float(), nullable=True))
        batch_op.add_column(sa.Column('relevance_by', sa.String(length=60), nullable=True))
