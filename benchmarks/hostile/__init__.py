"""Texts that speak to the model that reads them, and a model that obeys every one."""
