"""Hot lists: which entries named a brand, and when each list was looked at last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hot_board',
    sa.Column('board', sa.String(length=80), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('looked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entries', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('board', 'source', name=op.f('pk_hot_board'))
    )
    op.create_table('hot_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('brand', sa.String(length=80), nullable=False),
    sa.Column('board', sa.String(length=80), nullable=False),
    sa.Column('entry_id', sa.String(length=300), nullable=False),
    sa.Column('source', sa.String(length=80), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('first_seen', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen', sa.DateTime(timezone=True), nullable=False),
    sa.Column('best_rank', sa.Integer(), nullable=False),
    sa.Column('last_rank', sa.Integer(), nullable=False),
    sa.Column('peak_heat', sa.BigInteger(), nullable=True),
    sa.Column('seen', sa.Integer(), nullable=False),
    sa.Column('judged_by', sa.String(length=120), nullable=True),
    sa.Column('label', sa.SmallInteger(), nullable=True),
    sa.Column('relevant', sa.Boolean(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hot_entry')),
    sa.UniqueConstraint('brand', 'board', 'entry_id', 'first_seen', name=op.f('uq_hot_entry_brand_board_entry_id_first_seen'))
    )
    with op.batch_alter_table('hot_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hot_entry_brand_last_seen'), ['brand', 'last_seen'], unique=False)
        unjudged = sa.text('judged_by IS NULL')
        batch_op.create_index(
            'ix_hot_entry_unjudged', ['id'], unique=False, sqlite_where=unjudged, postgresql_where=unjudged
        )

