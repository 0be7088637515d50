"""Mails: the outbox, what is written in them, and who carries them. Knows no invitation, only what it is about."""
