"""Vectors that lie in files: written for other tools, and those of other tools read as blocks. One
format a file.
"""
