"""The page at `/` and the description at `/docs`: what a browser gets of a service."""
