"""Learn segments on a bounded sample. Frames in, frames out.

Nothing here knows dbt, a warehouse, the clock or a path. What is learned is returned as
rows of one table, the memory of the segmentation room, which SQL applies to every user.
"""
