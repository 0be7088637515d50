"""Rollcall: the invitation desk of a multi-tenant learning platform."""

__version__ = "0.1.0"
