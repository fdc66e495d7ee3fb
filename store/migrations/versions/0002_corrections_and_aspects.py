"""Corrections: a person's label of a text. Aspects of a counted mention. See store/tables.py."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('correction',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('mention_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('brand', sa.String(length=80), nullable=True),
    sa.Column('text_key', sa.String(length=32), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('label', sa.SmallInteger(), nullable=False),
    sa.Column('author', sa.String(length=120), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['mention_id'], ['mention.id'], name=op.f('fk_correction_mention_id_mention'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_correction')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('correction', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_correction_mention_id'), ['mention_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_correction_text_key'), ['text_key'], unique=False)

    # Both columns can be added in place: no table is copied, however many pairs there are.
    with op.batch_alter_table('mention_brand', schema=None) as batch_op:
        batch_op.add_column(sa.Column('overruled', sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column('aspects', sa.Text(), server_default='', nullable=False))
