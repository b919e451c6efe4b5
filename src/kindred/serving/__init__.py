"""What machines read: one moment of all exports, and the file that an API looks up in."""

from kindred.serving.lookup import write_lookup
from kindred.serving.releases import forget_old, gather, release

__all__ = ["forget_old", "gather", "release", "write_lookup"]
