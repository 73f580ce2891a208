"""Keep what helps: filters, models and budgets, always fitted on training rows alone."""
