"""Content -> vectors: text, structured fields, and the geometry of what comes out.

`palate.encode.blocks.encode_block` makes one block from a part and a catalogue, through the row
cache.
"""
