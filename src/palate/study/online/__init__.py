"""Worlds of users on which ways of online evaluation are tried."""
