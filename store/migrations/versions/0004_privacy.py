"""Counts of posts over time; receipts of erasures; followers only by order of magnitude. See store/tables_privacy.py."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('erasure',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('author_key', sa.String(length=32), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by', sa.String(length=120), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('mentions', sa.Integer(), nullable=False),
    sa.Column('removed', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_erasure'))
    )
    with op.batch_alter_table('erasure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasure_author_key'), ['author_key'], unique=False)

    op.create_table('reach',
    sa.Column('mention_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reposts', sa.BigInteger(), nullable=True),
    sa.Column('comments', sa.BigInteger(), nullable=True),
    sa.Column('likes', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['mention_id'], ['mention.id'], name=op.f('fk_reach_mention_id_mention'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('mention_id', 'at', name=op.f('pk_reach')),
    sqlite_with_rowid=False
    )

    # Followers are kept by order of magnitude from now on, in rows of before too: 0, 1, 3, 10, 30 … (one pass).
    bounds = [lead * 10**power for power in range(12, -1, -1) for lead in (3, 1)]
    steps = " ".join(f"WHEN followers >= {bound} THEN {bound}" for bound in bounds)
    op.execute(f"UPDATE mention SET followers = CASE {steps} ELSE 0 END WHERE followers IS NOT NULL")
