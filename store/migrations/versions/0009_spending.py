"""spending"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spending",
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("cost", sa.String(length=40), nullable=True),
        sa.Column("price", sa.String(length=40), nullable=True),
        sa.Column("currency", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_spending")),
    )
