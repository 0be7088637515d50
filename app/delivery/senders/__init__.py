"""The e-mail adapters: one module per kind of provider, all speaking the few words of `base`.

Nothing here decides whether, when or how often to send."""
