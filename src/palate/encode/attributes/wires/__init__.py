"""Providers that are asked over the network, each by the wire that it speaks."""
