"""A scorer and a metric for palate, as a package of their own."""
