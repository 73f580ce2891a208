"""Policies that learn from rewards over features of item, user and context, so that an item that
no one has seen yet is judged by its content.
"""
