"""Encodings as people know them; everything that tells a reader an encoding asks here."""

from __future__ import annotations

import codecs

MIXED = "utf-8 with cp1252 lines"
"""UTF-8 with stray lines of Windows-1252; no codec of Python's."""
_UNICODE = {
    MIXED: "UTF-8, with lines in Windows (Western European)",
    **dict.fromkeys(("utf-8", "utf-8-sig"), "UTF-8"),
    **dict.fromkeys(("utf-16", "utf-16-le", "utf-16-be"), "UTF-16"),
    **dict.fromkeys(("utf-32", "utf-32-le", "utf-32-be"), "UTF-32"),
    "ascii": "ASCII",
}
_SCRIPTS = {
    "cp1250": "Windows (Central European)",
    "cp1251": "Windows (Cyrillic)",
    "cp1252": "Windows (Western European)",
    "cp1253": "Windows (Greek)",
    "cp1254": "Windows (Turkish)",
    "cp1255": "Windows (Hebrew)",
    "cp1256": "Windows (Arabic)",
    "cp1257": "Windows (Baltic)",
    "cp1258": "Windows (Vietnamese)",
    "cp437": "DOS (US)",
    "cp850": "DOS (Western European)",
    "cp852": "DOS (Central European)",
    "cp866": "DOS (Cyrillic)",
    "mac-roman": "old Mac (Western European)",
    "iso8859-1": "ISO (Western European)",
    "iso8859-2": "ISO (Central European)",
    "iso8859-5": "ISO (Cyrillic)",
    "iso8859-7": "ISO (Greek)",
    "iso8859-9": "ISO (Turkish)",
    "iso8859-15": "ISO (Western European)",
    "koi8-r": "Russian",
    "koi8-u": "Ukrainian",
    **dict.fromkeys(("tis-620", "cp874"), "Thai"),
    **dict.fromkeys(("shift_jis", "cp932", "shift_jis_2004", "euc_jp", "euc_jis_2004"), "Japanese"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "Chinese (simplified)"),
    **dict.fromkeys(("big5", "big5hkscs"), "Chinese (traditional)"),
    **dict.fromkeys(("euc_kr", "cp949", "johab"), "Korean"),
}


def encoding_in_words(codec: str | None) -> str:
    """Return what people call a codec, with its own name: "Windows (Western European), cp1252".

    Of a file that is no text, without a codec, there is nothing to say.
    """
    if codec is None:
        return ""
    name = codec if codec == MIXED else codecs.lookup(codec).name
    return _UNICODE.get(name) or ", ".join(filter(None, (_SCRIPTS.get(name), name)))
