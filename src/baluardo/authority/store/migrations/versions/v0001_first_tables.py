"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Go to this version."""
    op.create_table(
        "challenge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("person", sa.String(length=63), nullable=True),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    op.create_index(op.f("ix_challenge_expires"), "challenge", ["expires"], unique=False)
    op.create_table(
        "command",
        sa.Column("id", sa.String(length=96), nullable=False),
        sa.Column("kind", sa.String(length=63), nullable=False),
        sa.Column("proposer", sa.String(length=255), nullable=False),
        sa.Column("proposal", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("executed", sa.Float(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command")),
    )
    op.create_index("ix_command_created", "command", ["created"], unique=False)
    op.create_index(op.f("ix_command_state"), "command", ["state"], unique=False)
    op.create_table(
        "emergency_code",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("used", sa.Float(), nullable=True),
        sa.Column("used_by", sa.String(length=63), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_emergency_code")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("identity", sa.String(length=255), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=63), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitation_digest")),
    )
    op.create_table(
        "log_entry",
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_log_entry")),
    )
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_head")),
    )
    op.create_table(
        "opening",
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_opening")),
    )
    op.create_index(op.f("ix_opening_entry"), "opening", ["entry"], unique=False)
    op.create_table(
        "person",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("handle", sa.LargeBinary(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("search", sa.String(length=400), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("enrolled", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_person")),
        sa.UniqueConstraint("handle", name=op.f("uq_person_handle")),
    )
    op.create_index(op.f("ix_person_search"), "person", ["search"], unique=False)
    op.create_table(
        "policy",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("bundle", sa.LargeBinary(), nullable=True),
        sa.Column("executed", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy")),
    )
    op.create_table(
        "presence",
        sa.Column("identity", sa.String(length=255), nullable=False),
        sa.Column("authority", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Float(), nullable=False),
        sa.Column("left", sa.Float(), nullable=True),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_presence")),
    )
    op.create_table(
        "revocation_list",
        sa.Column("issuer", sa.String(length=64), nullable=False),
        sa.Column("delta", sa.Boolean(), nullable=False),
        sa.Column("der", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "delta", name=op.f("pk_revocation_list")),
    )
    op.create_table(
        "site",
        sa.Column("identity", sa.String(length=255), nullable=False),
        sa.Column("display_name", sa.String(length=120), nullable=False),
        sa.Column("enrolled", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("identity", name=op.f("pk_site")),
    )
    op.create_table(
        "spent",
        sa.Column("one_use", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("one_use", name=op.f("pk_spent")),
    )
    op.create_table(
        "answer",
        sa.Column("command", sa.String(length=96), nullable=False),
        sa.Column("approver", sa.String(length=63), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["command"], ["command.id"], name=op.f("fk_answer_command")),
        sa.PrimaryKeyConstraint("command", "approver", name=op.f("pk_answer")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=1400), nullable=False),
        sa.Column("person", sa.String(length=63), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("used", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name=op.f("fk_passkey_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    op.create_index(op.f("ix_passkey_person"), "passkey", ["person"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("invitation", sa.String(length=32), nullable=False),
        sa.Column("identity", sa.String(length=255), nullable=False),
        sa.Column("pkcs10", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("passkey", sa.JSON(), nullable=True),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=63), nullable=True),
        sa.Column("decided", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("chain", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["invitation"], ["invitation.id"], name=op.f("fk_request_invitation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("invitation", name=op.f("uq_request_invitation")),
    )
    op.create_index(op.f("ix_request_identity"), "request", ["identity"], unique=False)
    op.create_index(op.f("ix_request_state"), "request", ["state"], unique=False)
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person", sa.String(length=63), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("made", sa.Float(), nullable=False),
        sa.Column("seen", sa.Float(), nullable=False),
        sa.Column("fresh", sa.Float(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("break_glass", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.name"], name=op.f("fk_session_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("digest", name=op.f("uq_session_digest")),
    )
    op.create_index(op.f("ix_session_person"), "session", ["person"], unique=False)


def downgrade() -> None:
    """Go back to the version before."""
    op.drop_index(op.f("ix_session_person"), table_name="session")
    op.drop_table("session")
    op.drop_index(op.f("ix_request_state"), table_name="request")
    op.drop_index(op.f("ix_request_identity"), table_name="request")
    op.drop_table("request")
    op.drop_index(op.f("ix_passkey_person"), table_name="passkey")
    op.drop_table("passkey")
    op.drop_table("answer")
    op.drop_table("spent")
    op.drop_table("site")
    op.drop_table("revocation_list")
    op.drop_table("presence")
    op.drop_table("policy")
    op.drop_index(op.f("ix_person_search"), table_name="person")
    op.drop_table("person")
    op.drop_index(op.f("ix_opening_entry"), table_name="opening")
    op.drop_table("opening")
    op.drop_table("log_head")
    op.drop_table("log_entry")
    op.drop_table("invitation")
    op.drop_table("emergency_code")
    op.drop_index(op.f("ix_command_state"), table_name="command")
    op.drop_index("ix_command_created", table_name="command")
    op.drop_table("command")
    op.drop_index(op.f("ix_challenge_expires"), table_name="challenge")
    op.drop_table("challenge")
