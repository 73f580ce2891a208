"""The service over HTTP: routes, what they take and give, who may use them, and what is refused."""
