"""Written messages: what one person's devices hold is summed up quickly, and moves are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go to this version."""
    op.create_index("ix_mail_item_person", "mail_item", ["person", "size"], unique=False)
    op.add_column(
        "mail_attendance",
        sa.Column("moves", sa.BigInteger(), server_default="0", nullable=False),
    )


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_column("mail_attendance", "moves")
    op.drop_index("ix_mail_item_person", table_name="mail_item")
