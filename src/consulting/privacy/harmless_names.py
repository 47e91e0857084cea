"""What a column's name promises that holds no personal data: codes, days of business, measures.

A promise alone proves nothing. It only lets the values prove themselves: a column called
"Rechnungsdatum" may hold dates of any year, one called "SKU" numbers of any length.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from consulting.privacy.column_names import PERSON_WORDS, words

Promise = Literal["code", "thing", "day", "measure", "list"]

_WORDS: dict[Promise, str] = {
    "code": "id ids key code codes no nr num number nummer numero número número номер nro nº ref "
    "reference referenz referencia référence riferimento case konto uuid guid kod código codice "
    "kode код 编号 代码 番号 コード 번호 코드 mã رقم رمز מספר קוד",
    "thing": "sku article artikel art item product produkt producto part teil invoice rechnung "
    "factura facture fattura faktura order bestellung auftrag commande pedido batch lot charge "
    "tracking ticket ean gtin upc isbn barcode serial position pos line zeile row index version "
    "measure артикул заказ sipariş ürün 货号 订单号 品番 품번",
    "day": "order ordered orders invoice invoiced created create updated update modified changed "
    "delivery delivered due paid payment ship shipped shipping start started end ended begin valid "
    "from until expiry expires expiration booking booked posting posted entry contract transaction "
    "purchase purchased sale sold signed received sent closed opened reported period month year "
    "quarter week day epoch timestamp unix cutoff loaded exported report fiscal effective "
    "bestelldatum bestellt rechnungsdatum lieferdatum fallig geliefert gebucht buchung buchungstag "
    "valuta erstellt geandert beginn ende eingang ausgang zeitraum monat jahr quartal woche termin "
    "vertragsbeginn "
    "pedido factura entrega vencimiento pago commande facture livraison echeance paiement ordine "
    "fattura consegna scadenza pagamento zamowienia faktury dostawy platnosci wystawienia заказа "
    "счета поставки оплаты создания изменения siparis fatura teslim odeme vade 订单 发票 交货 付款 "
    "下单 创建 注文 請求 納品 支払 주문 배송 결제 تسليم طلب فاتورة bestilling levering betaling "
    "toimitus tilaus szallitas rendeles objednavky dodani splatnosti comenzii livrarii",
    "measure": "amount amounts betrag summe sum total price preis prices cost kosten qty quantity "
    "menge count anzahl population einwohner revenue umsatz sales turnover balance saldo net netto "
    "gross brutto weight gewicht bytes views clicks impressions area distance duration volume "
    "capacity rate importe monto precio cantidad ingresos prix montant quantite chiffre prezzo "
    "importo quantita wartosc kwota cena ilosc сумма цена количество стоимость tutar fiyat adet "
    "miktar 金额 价格 数量 金額 価格 売上 금액 가격 수량 budget tax vat mwst "
    "discount rabatt profit margin liczba pris antal belop",
    "list": "status state type typ kind category kategorie categoria class klasse group gruppe "
    "segment country land currency wahrung waehrung unit einheit language sprache method methode "
    "zahlungsart versandart zahlweise payment channel kanal priority prioritat size grosse colour "
    "color farbe material brand marke level stufe phase gender geschlecht sex anrede salutation "
    "region department abteilung location site standort plant werk warehouse lager branch "
    "industry branche shipping medium device platform browser plan tariff tarif result ergebnis "
    "mode modus flag active aktiv estado tipo "
    "pais moneda unidad metodo canal prioridad statut etat "
    "pays devise unite couleur stato paese valuta colore rodzaj kraj waluta статус тип категория "
    "страна валюта состояние durum tur kategori ulke 状态 "
    "类型 类别 国家 币种 状態 種類 カテゴリ 国 "
    "通貨 상태 유형 국가 통화 الحالة النوع الدولة العملة maat valuta eenheid soort art",
}
_THING_BEGINNINGS = ("artikel", "auftrag", "bestell", "rechnung", "beleg", "liefer", "material")
_DATE_WORDS = frozenset({"date", "datum", "fecha", "data", "dato", "tarih"})
# German compounds are one word: Kundennr, Artikelnummer.
_CODE_ENDINGS = ("nr", "nummer", "number", "code", "kennung", "schlussel", "schluessel", "no")


@cache
def _known() -> dict[Promise, frozenset[str]]:
    return {
        promise: frozenset(word for text in listed.split() for word in words(text))
        for promise, listed in _WORDS.items()
    }


@cache
def promised_words() -> frozenset[str]:
    """All words that promise something."""
    return frozenset().union(*_known().values())


def promises(column: str) -> frozenset[Promise]:
    """What a header promises of its values; nothing where it is not known.

    Args:
        column: The header.
    """
    found = set(words(column))
    kept: set[Promise] = {promise for promise, known in _known().items() if known & found}
    if any(len(word) > 4 and word.endswith(_CODE_ENDINGS) for word in found):  # noqa: PLR2004
        kept.add("code")
    if any(word.endswith("id") and len(word) > 5 for word in found):  # noqa: PLR2004 - kundenid
        kept.add("code")
    if any(word.startswith(_THING_BEGINNINGS) for word in found):
        kept.add("thing")
    if found & (PERSON_WORDS | _DATE_WORDS):
        kept.discard("thing")
    return frozenset(kept)
