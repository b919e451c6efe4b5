"""A look at a file's bytes before an engine reads it: hash, compression, encoding."""

import codecs
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_CHUNK = 1 << 20
_BLANKS = b" \t\r" + codecs.BOM_UTF8


@dataclass
class Inspection:
    """What the bytes of a file tell.

    ``problem`` is the reason why the whole file is rejected, or None. ``longest_line``
    is in bytes, ``first`` the first visible character of the content; ``line_count`` leaves
    out blank lines, and ``ends_open`` tells that the last line has no end.
    """

    sha256: str
    problem: str | None = None
    has_byte_order_mark: bool = False
    longest_line: int = 0
    first: str = ""
    line_count: int = 0
    ends_open: bool = False


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes. Raises OSError when the file cannot be opened."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inspect(path: Path, sha256: str, *, is_text: bool) -> Inspection:
    """Read a file once, in chunks, and say whether it can be read as what it claims.

    A truncated or corrupt gzip, and text that is not UTF-8 or holds NUL bytes, make the
    whole file unusable. Raises OSError when the file cannot be opened.
    """
    found = Inspection(sha256)
    with _opened(path) as content:
        try:
            _read(content, found, is_text=is_text)
        except EOFError:
            found.problem = "truncated_gzip"
        except (gzip.BadGzipFile, zlib.error):
            found.problem = "broken_gzip"
        except UnicodeDecodeError:
            found.problem = "wrong_encoding"
    return found


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _read(content: BinaryIO, found: Inspection, *, is_text: bool) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")()
    open_line, open_is_blank, is_first = 0, True, True
    while chunk := content.read(_CHUNK):
        if not is_text:
            continue
        if is_first:
            found.has_byte_order_mark = chunk.startswith(codecs.BOM_UTF8)
            is_first = False
        text = decoder.decode(chunk)
        if not found.first:
            found.first = text.lstrip("\ufeff \t\r\n")[:1]
        if "\0" in text:
            found.problem = "null_bytes"
            return
        pieces = chunk.split(b"\n")
        lengths = [open_line + len(pieces[0]), *map(len, pieces[1:])]
        found.longest_line = max(found.longest_line, *lengths)
        open_line = lengths[-1]
        for number, piece in enumerate(pieces):
            open_is_blank = not piece.strip(_BLANKS) and (number > 0 or open_is_blank)
            if number < len(pieces) - 1 and not open_is_blank:
                found.line_count += 1
    found.ends_open = not open_is_blank
    found.line_count += found.ends_open
    decoder.decode(b"", final=True)
