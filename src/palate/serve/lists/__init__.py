"""What lists can be besides the model's best items: diverse, continued, titled, for newcomers."""
