"""Tunnel cards of the sites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "tunnel_card",
        sa.Column("identity", sa.String(length=255), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("heard", sa.Float(), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=True),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_tunnel_card")),
    )
    op.create_index(op.f("ix_tunnel_card_changed"), "tunnel_card", ["changed"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_index(op.f("ix_tunnel_card_changed"), table_name="tunnel_card")
    op.drop_table("tunnel_card")
