"""What rows that sum up others are called, in the languages of clients.

The reader (a last row of totals) and the profile (sums between the rows) read these words, and no
others.
"""

from __future__ import annotations

import re

_WORD = (
    r"(?:(?:sub|grand|over\s?all|running|sous|net|gross)?[\s-]*+tot[aei]l{1,2}(?:s|e|en|t|i|es)?|totaux|"
    r"(?:gesamt|zwischen|teil|end)?summen?|sum(?:m?a|s)?|łącznie|gesamt(?:ergebnis)?|insgesamt|ensemble|somme|"
    r"(?:sub|eind)?totaal|celkem|součet|razem|ogółem|összesen|yhteensä|i\s+alt|toplam|сумма|итого|всего|"
    r"подытог|разом|усього|σύνολο|合計|総計|小計|总计|小计|合计|總計|합계|소계|총계|المجموع|الإجمالي|סה\"כ)"
)
_GENERAL = r"(?:\s+(?:g[eé]n[eé]ra(?:l|le)|general|geral|complessivo|sum|amount))?"
_CLOSING = (
    r"(?:net\s+(?:income|profit|loss|earnings)|gross\s+(?:profit|income|margin)|"
    r"net\s+(?:operating|ordinary|other)\s+income|(?:opening|closing|ending|beginning)\s+balance|"
    r"balance\s+(?:brought|carried)\s+forward|(?:anfangs|end|schluss)saldo|saldo\s+(?:final|inicial)|"
    r"solde\s+(?:final|initial)|jahres(?:überschuss|ergebnis)|ergebnis|résultat\s+net)"
)
ALONE = re.compile(rf"\s*+{_WORD}{_GENERAL}\s*+:?\s*+", re.IGNORECASE)
"""A label of nothing but such a word."""
MAYBE = re.compile(rf"\s*+(?:{_CLOSING}|{_WORD})(?![^\W\d_])", re.IGNORECASE)
"""A label that begins with such a word, or with one for what is left of sums ("Net income"): one
where the numbers say so."""
SURE = re.compile(
    r"\s*(?:(?:sub|grand|sous|running)[\s-]*tot[a-z]{2,4}|(?:zwischen|teil|end)summen?|subtotaal|"
    r"total\s+g[eé]n[eé]ral|小計|総計|小计|总计|소계|подытог)(?:\W.*)?",
    re.IGNORECASE | re.DOTALL,
)
"""Unmistakable, whatever else the column holds."""
_LONGEST = 300
_AFTER = re.compile(rf"(.{{1,200}}?)[\s:,-]{{1,20}}+{_WORD}\s*+:?\s*+", re.IGNORECASE | re.DOTALL)
_BEFORE = re.compile(
    rf"\s*+{_WORD}(?:\s{{1,20}}(?:for|of|für|von|pour|de|di|del))?[\s:,-]{{1,20}}+(.{{1,200}}?)\s{{0,20}}",
    re.IGNORECASE | re.DOTALL,
)


def summed(label: str) -> list[str]:
    """What a label names the sum of: "West" of "West Total" and of "Total for West"."""
    if len(label) > _LONGEST:
        return []
    found = (_AFTER.fullmatch(label), _BEFORE.fullmatch(label))
    return [match.group(1).strip() for match in found if match]
