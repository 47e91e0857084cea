"""Files in the manner of public data portals, with the table that a reader should find in each."""

from __future__ import annotations

from dataclasses import dataclass

FILES: dict[str, Portal] = {}


@dataclass(frozen=True)
class Portal:
    data: bytes
    columns: list[str]
    rows: list[list[str]]


def lines(*cells, sep=","):
    return [sep.join(map(str, row)) for row in cells]

def add(name, text, columns, rows, encoding="utf-8"):
    if isinstance(text, list):
        text = "\n".join(text) + "\n"
    FILES[name] = Portal(text.encode(encoding), list(columns), [[str(c) for c in r] for r in rows])

def csv_of(rows, sep=","):
    import csv, io
    out = io.StringIO(); csv.writer(out, delimiter=sep, lineterminator="\n").writerows(rows)
    return out.getvalue().splitlines()

AREAS = ["Ashford", "Barnet", "Camden", "Dover", "Ealing", "Fareham", "Gosport", "Harrow"]
AREA_ROWS = [[a, f"E0{7000+i}", 1200 + 37 * i, f"{3.1 + i / 7:.1f}"] for i, a in enumerate(AREAS)]

# 1 UK statistics: title, notes, blank, header, data, footnotes
add("uk_title_notes", ["Table 4: Households on waiting lists by authority,,,", "England,,,", "Source: returns of authorities,,,", ",,,",
   "Authority,Code,Households,Per cent", *lines(*AREA_ROWS), ",,,", "1 Figures are rounded.,,,", "2 Provisional.,,,"],
   ["Authority", "Code", "Households", "Per cent"], AREA_ROWS)
add("uk_title_notes_unpadded", ["Table 4: Households on waiting lists by authority", "England", "Source: returns of authorities", "",
   "Authority,Code,Households,Per cent", *lines(*AREA_ROWS), "", "1 Figures are rounded.", "2 Provisional, revised in May."],
   ["Authority", "Code", "Households", "Per cent"], AREA_ROWS)
# 2 two header rows: years over measures, group given once
Y = [[a, 10 + i, 20 + i, 30 + i, 40 + i] for i, a in enumerate(AREAS)]
add("years_over_measures", [",2021,,2022,", "Area,Births,Deaths,Births,Deaths", *lines(*Y)],
   ["Area", "2021 Births", "2021 Deaths", "2022 Births", "2022 Deaths"], Y)
add("years_over_measures_named", ["Area,2021,,2022,", ",Births,Deaths,Births,Deaths", *lines(*Y)],
   ["Area", "2021 Births", "2021 Deaths", "2022 Births", "2022 Deaths"], Y)
add("years_repeated", ["Area,2021,2021,2022,2022", "Area,Births,Deaths,Births,Deaths", *lines(*Y)],
   ["Area", "2021 Births", "2021 Deaths", "2022 Births", "2022 Deaths"], Y)
# 3 three header rows
add("three_header_rows", [",Population,,Migration,", ",2021,2022,2021,2022", "Area,persons,persons,persons,persons", *lines(*Y)],
   ["Area", "Population 2021 persons", "Population 2022 persons", "Migration 2021 persons", "Migration 2022 persons"], Y)
# 4 header with units row
U = [[f"2024-01-{d:02d}", f"{4 + d / 10:.1f}", 900 + d, d * 3] for d in range(1, 12)]
add("units_row_brackets", ["Date,Temperature,Pressure,Wind", ",(°C),(hPa),(km/h)", *lines(*U)],
   ["Date", "Temperature (°C)", "Pressure (hPa)", "Wind (km/h)"], U)
add("units_row_plain", ["Date,Temperature,Pressure,Wind", "-,°C,hPa,km/h", *lines(*U)],
   ["Date", "Temperature °C", "Pressure hPa", "Wind km/h"], U)
add("units_row_words", ["Datum;Temperatur;Luftdruck;Wind", ";Grad;hPa;km/h", *lines(*U, sep=";")],
   ["Datum", "Temperatur Grad", "Luftdruck hPa", "Wind km/h"], U)
# 5 header split over two lines, words cut by width
add("header_cut_in_words", ["Area,Number of,Share of,Average", "name,households,pensioners,rent", *lines(*[[a, 100 + i, f"{i}.5", 700 + i] for i, a in enumerate(AREAS)])],
   ["Area name", "Number of households", "Share of pensioners", "Average rent"], [[a, 100 + i, f"{i}.5", 700 + i] for i, a in enumerate(AREAS)])
# 6 same in three lines
add("header_cut_in_three", ["Area,Number,Share,Average", "name,of,of all,monthly", ",households,pensioners,rent", *lines(*[[a, 100 + i, f"{i}.5", 700 + i] for i, a in enumerate(AREAS)])],
   ["Area name", "Number of households", "Share of all pensioners", "Average monthly rent"], [[a, 100 + i, f"{i}.5", 700 + i] for i, a in enumerate(AREAS)])
# 7 preamble + two header rows
add("preamble_two_rows", ["Statistical office", "Table 12-3", "", ";Männer;;Frauen;", "Gemeinde;ledig;verheiratet;ledig;verheiratet", *lines(*Y, sep=";"), "", "© Amt, 2024"],
   ["Gemeinde", "Männer ledig", "Männer verheiratet", "Frauen ledig", "Frauen verheiratet"], Y, "latin-1")
# 8 German destatis style: head, header 2 rows, data, footer line of underscores and copyright
D = [["2020", "Januar", "1.234", "5,6"], ["2020", "Februar", "1.345", "5,8"], ["2020", "März", "1.456", "6,0"], ["2020", "April", "1.400", "6,1"], ["2020", "Mai", "1.300", "6,2"]]
add("destatis", ["Erwerbslosigkeit;;;", "Deutschland;;;", "Jahr;Monat;Erwerbslose;Quote", ";;1000;Prozent", *lines(*D, sep=";"), "__________;;;", "Vorläufiges Ergebnis.;;;", "(C)opyright Amt 2024;;;"],
   ["Jahr", "Monat", "Erwerbslose 1000", "Quote Prozent"], D, "latin-1")
# 9 group separators: lone group labels between rows
G = [["North", "", ""], ["Leeds", 12, 3], ["York", 15, 4], ["South", "", ""], ["Bath", 22, 7], ["Hove", 25, 8], ["Total", 74, 22]]
add("group_rows", ["Place,Schools,Colleges", *lines(*G)], ["Place", "Schools", "Colleges"], G[:-1])
# 10 footer with totals and notes
T = [[a, i * 3, i * 4] for i, a in enumerate(AREAS, 1)]
add("totals_then_notes", ["Area,Men,Women", *lines(*T), "TOTAL,108,144", "", "Notes:", "Data as of 1 May 2024, subject to revision"],
   ["Area", "Men", "Women"], T)
add("total_in_french", ["Commune;Hommes;Femmes", *lines(*T, sep=";"), "Ensemble;108;144", "", "Source : Insee"],
   ["Commune", "Hommes", "Femmes"], T)
add("total_in_spanish", ["Municipio;Hombres;Mujeres", *lines(*T, sep=";"), "Total general;108;144"], ["Municipio", "Hombres", "Mujeres"], T)
# 11 mixed line ends, latin-1
add("mixed_ends_latin", "Região;Ano;Valor\r\n" + "".join(f"São Paulo {i};20{10+i};{i},5" + ("\r\n" if i % 3 else "\n") for i in range(1, 13)),
   ["Região", "Ano", "Valor"], [[f"São Paulo {i}", f"20{10+i}", f"{i},5"] for i in range(1, 13)], "latin-1")
# 12 trailing delimiters on every line incl. header
add("trailing_delimiters", ["id;name;amount;", *[f"{i};n{i};{i}.50;" for i in range(1, 9)]], ["id", "name", "amount"], [[i, f"n{i}", f"{i}.50"] for i in range(1, 9)])
add("many_trailing_delimiters", ["id,name,amount,,,,", *[f"{i},n{i},{i}.50,,,," for i in range(1, 9)]], ["id", "name", "amount"], [[i, f"n{i}", f"{i}.50"] for i in range(1, 9)])
add("leading_delimiter", [",id,name,amount", *[f",{i},n{i},{i}.50" for i in range(1, 9)]], ["id", "name", "amount"], [[i, f"n{i}", f"{i}.50"] for i in range(1, 9)])
# 13 index column without name
add("index_column", [",name,amount", *[f"{i},n{i},{i}.50" for i in range(0, 9)]], ["column_1", "name", "amount"], [[i, f"n{i}", f"{i}.50"] for i in range(0, 9)])
# 14 header narrower than data by unnamed first (R write.table)
add("r_write_table", ["name,amount", *[f"{i},n{i},{i}.50" for i in range(1, 9)]], ["column_1", "name", "amount"], [[i, f"n{i}", f"{i}.50"] for i in range(1, 9)])
add("r_write_table_quoted", ['"mpg" "cyl" "disp"', *[f'"Car {i}" {i}.5 {4+i%3} {100+i}' for i in range(1, 9)]], ["column_1", "mpg", "cyl", "disp"], [[f"Car {i}", f"{i}.5", 4 + i % 3, 100 + i] for i in range(1, 9)])
# 15 ragged: notes column only on some rows
add("ragged_notes", ["Station,Opened,Lines", *lines(["Alpha", 1901, 3]), "Beta,1920,2", "Gamma,1931,1,closed on Sundays", "Delta,1950,4", "Epsilon,1966,2", "Zeta,1970,1", "Eta,1971,1"],
   ["Station", "Opened", "Lines"], [["Alpha", 1901, 3], ["Beta", 1920, 2], ["Delta", 1950, 4], ["Epsilon", 1966, 2], ["Zeta", 1970, 1], ["Eta", 1971, 1]])
# 16 all-text table with title
P = [["Ann Lee", "Councillor", "Green"], ["Bo Tran", "Mayor", "Labour"], ["Cy Young", "Councillor", "Liberal"], ["Dee Fox", "Clerk", "None"]]
add("all_text_with_title", ["Members of the council", "", "Name,Office,Party", *lines(*P)], ["Name", "Office", "Party"], P)
add("all_text_with_padded_title", ["Members of the council,,", "Name,Office,Party", *lines(*P)], ["Name", "Office", "Party"], P)
# 17 two tables one below another
add("two_tables", ["Table A", "Area,Men", *lines(*[r[:2] for r in T]), "", "Table B", "Year,Births,Deaths", "2019,5,6", "2020,7,8", "2021,9,9"],
   ["Area", "Men"], [r[:2] for r in T])
# 18 hash comments as preamble (climate)
add("hash_preamble", ["# station: 42", "# units: degC", "# columns: year month value", "year,month,value", *lines(*[[2000 + i, i % 12 + 1, f"{i}.25"] for i in range(10)])],
   ["year", "month", "value"], [[2000 + i, i % 12 + 1, f"{i}.25"] for i in range(10)])
add("hash_header", ["# generated by model", "#year,month,value", *lines(*[[2000 + i, i % 12 + 1, f"{i}.25"] for i in range(10)])],
   ["year", "month", "value"], [[2000 + i, i % 12 + 1, f"{i}.25"] for i in range(10)])
# 19 percent preamble with semicolons key values
add("key_value_head", ["Kontonummer:;12345678;;", "Zeitraum:;01.01.2024 - 31.01.2024;;", "Kontostand:;1.234,56 EUR;;", ";;;", "Buchungstag;Wertstellung;Umsatz;Text",
   *[f"{i:02d}.01.2024;{i:02d}.01.2024;-{i},50;Kauf {i}" for i in range(1, 9)]], ["Buchungstag", "Wertstellung", "Umsatz", "Text"], [[f"{i:02d}.01.2024", f"{i:02d}.01.2024", f"-{i},50", f"Kauf {i}"] for i in range(1, 9)])
add("key_value_head_quoted", ['"Kontonummer:";"DE12 3456"', "", '"Von:";"01.01.2024"', '"Bis:";"31.01.2024"', '"Kontostand vom 31.01.2024:";"1.234,56 EUR"', "",
   '"Buchungstag";"Wertstellung";"Umsatz";"Text"', *[f'"{i:02d}.01.2024";"{i:02d}.01.2024";"-{i},50";"Kauf {i}"' for i in range(1, 9)]],
   ["Buchungstag", "Wertstellung", "Umsatz", "Text"], [[f"{i:02d}.01.2024", f"{i:02d}.01.2024", f"-{i},50", f"Kauf {i}"] for i in range(1, 9)])
# 20 World bank: preamble, blank, header with years
W = [["Aruba", "ABW", "Population", "SP.POP", 100, 101, 103], ["Angola", "AGO", "Population", "SP.POP", 2000, 2100, 2203], ["Albania", "ALB", "Population", "SP.POP", 300, 290, 280], ["Andorra", "AND", "Population", "SP.POP", "", "", 77]]
add("world_bank", ['"Data Source","World Development Indicators",', "", '"Last Updated Date","2024-05-30",', "", '"Country Name","Country Code","Indicator Name","Indicator Code","1960","1961","1962",',
   *[",".join(f'"{c}"' for c in r) + "," for r in W]], ["Country Name", "Country Code", "Indicator Name", "Indicator Code", "1960", "1961", "1962"], W)
# 21 sparse table: nearly empty rows under a head
S = [["1", "", "", "", "x"], ["2", "", "", "", ""], ["3", "", "7", "", ""], ["4", "", "", "", ""]]
add("nearly_empty", ["Survey of wells", "Period:,2024-01,,,", "", "Well,Depth,Level,Flow,Remark", *lines(*S)], ["Well", "Depth", "Level", "Flow", "Remark"], S)
add("nearly_empty_padded", ["Survey of wells,,,,", "Period:,2024-01,,,", ",,,,", "Well,Depth,Level,Flow,Remark", *lines(*S)], ["Well", "Depth", "Level", "Flow", "Remark"], S)
add("form_to_fill", ["Stock list,,,", ",,,", "Item,Counted,By,On", *[f"Item {i},,," for i in range(1, 9)]], ["Item", "Counted", "By", "On"], [[f"Item {i}", "", "", ""] for i in range(1, 9)])
add("form_to_fill_unpadded", ["Stock list", "", "Item,Counted,By,On", *[f"Item {i},,," for i in range(1, 9)]], ["Item", "Counted", "By", "On"], [[f"Item {i}", "", "", ""] for i in range(1, 9)])
# 22 wide pivot with months
M = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
add("pivot_months", ["Sales by month 2023", "Item," + ",".join(M), *[f"It{i}," + ",".join(str(i * j) for j in range(1, 13)) for i in range(1, 7)]], ["Item", *M], [[f"It{i}", *[i * j for j in range(1, 13)]] for i in range(1, 7)])
# 23 quoted header spanning lines
add("newline_titles", ['Area,"Number of\nhouseholds","Share\n(per cent)"', *lines(*[[a, 100 + i, f"{i}.5"] for i, a in enumerate(AREAS)])], ["Area", "Number of households", "Share (per cent)"], [[a, 100 + i, f"{i}.5"] for i, a in enumerate(AREAS)])
# 24 thousands in quotes
add("quoted_thousands", ['Area,Population,"Area, km2"', *[f'{a},"1,{200+i}","{i}.5"' for i, a in enumerate(AREAS)]], ["Area", "Population", "Area, km2"], [[a, f"1,{200+i}", f"{i}.5"] for i, a in enumerate(AREAS)])
# 25 decimal comma with comma delimiter, quoted
add("decimal_comma_quoted", ["Ville,Taux", *[f'V{i},"{i},5"' for i in range(1, 9)]], ["Ville", "Taux"], [[f"V{i}", f"{i},5"] for i in range(1, 9)])
# 26 missing markers
add("missing_markers", ["Area,2019,2020,2021", *lines(*[[a, ":" if i % 3 else i, "..", "-" if i == 2 else i * 2] for i, a in enumerate(AREAS)])], ["Area", "2019", "2020", "2021"], [[a, ":" if i % 3 else i, "..", "-" if i == 2 else i * 2] for i, a in enumerate(AREAS)])
# 27 eurostat tsv: compound first header
E = [["CRIM,NR,AT", "12", "13 b", ": "], ["CRIM,NR,BE", "22", "23", "24"], ["CRIM,NR,BG", "32", ": ", "34"], ["CRIM,NR,CZ", "42", "43", "44"]]
add("eurostat", ["unit,iccs,geo\\time\t2019 \t2020 \t2021 ", *["\t".join(r) for r in E]], ["unit,iccs,geo\\time", "2019", "2020", "2021"], E)
# 28 pipe, padded
add("padded_pipes", ["| Id | Name    | Amount |", "|----|---------|--------|", *[f"| {i:2} | Name {i:2} | {i:6} |" for i in range(1, 8)]], ["Id", "Name", "Amount"], [[f" {i:2} ", f" Name {i:2} ", f" {i:6} "] for i in range(1, 8)])
# 29 psql footer
add("psql", [" id | name  | amount ", "----+-------+--------", *[f"  {i} | n{i}    |   {i}.5 " for i in range(1, 8)], "(7 rows)", ""], ["id", "name", "amount"], [[f"  {i} ", f" n{i}    ", f"   {i}.5 "] for i in range(1, 8)])
# 30 SQL*Plus with page headers
add("repeated_header_blank", ["DEPT,EMPS", "A1,3", "A2,4", "A3,5", "", "DEPT,EMPS", "B1,6", "B2,7"], ["DEPT", "EMPS"], [["A1", 3], ["A2", 4], ["A3", 5], ["B1", 6], ["B2", 7]])
# 31 multi table with same header but titles between
add("sections_same_header", ["North", "Shop,Sold", "N1,3", "N2,4", "N3,9", "", "South", "Shop,Sold", "S1,5", "S2,6"], ["Shop", "Sold"], [["N1", 3], ["N2", 4], ["N3", 9], ["S1", 5], ["S2", 6]])
# 32 elections: header of long texts
L = [[a, 1000 + i, 500 + i, 20 + i, ""] for i, a in enumerate(AREAS)]
add("long_titles", ["Constituency name,Total number of registered electors at close of register,Total valid votes cast in the constituency,Rejected papers (all reasons),Remarks", *lines(*L)],
   ["Constituency name", "Total number of registered electors at close of register", "Total valid votes cast in the constituency", "Rejected papers (all reasons)", "Remarks"], L)
# 33 crime: title inside a quoted cell with comma
add("quoted_title", ['"Recorded crime, England and Wales, 2019 to 2021"', "", "Force,2019,2020,2021", *lines(*[[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)])], ["Force", "2019", "2020", "2021"], [[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)])
add("unquoted_title_with_commas", ["Recorded crime, England and Wales, 2019 to 2021", "", "Force,2019,2020,2021", *lines(*[[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)])], ["Force", "2019", "2020", "2021"], [[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)])
# 34 notes with commas at the end
add("notes_with_commas", ["Force,2019,2020,2021", *lines(*[[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)]), "", "Notes: figures for 2020, 2021 are estimates, see annex", "Source: Home Office"], ["Force", "2019", "2020", "2021"], [[a, 10 + i, 11 + i, 12 + i] for i, a in enumerate(AREAS)])
# 35 spend over 500
O = [["Dept", "Unit", f"{i:02d}/03/2024", f"Supplier {i}", f"INV{i:04}", f"{i * 731}.20"] for i in range(1, 12)]
add("spend", ["Payments over £500,,,,,", "Department,Entity,Date,Supplier,Reference,Amount £", *lines(*O)], ["Department", "Entity", "Date", "Supplier", "Reference", "Amount £"], O, "cp1252")
add("spend_blank_tail", ["Department,Entity,Date,Supplier,Reference,Amount £", *lines(*O), *[",,,,,"] * 40], ["Department", "Entity", "Date", "Supplier", "Reference", "Amount £"], O, "cp1252")
add("spend_total_no_label", ["Department,Entity,Date,Supplier,Reference,Amount £", *lines(*O), ",,,,,48246.00"], ["Department", "Entity", "Date", "Supplier", "Reference", "Amount £"], O, "cp1252")
# 36 Japanese portal
J = [["札幌市", 1973395, 12], ["函館市", 251084, 3], ["小樽市", 111299, 2], ["旭川市", 329306, 4]]
add("japan_sjis", ["人口統計,,", "令和5年,,", "市町村,人口,区数", *lines(*J), "合計,2665084,21"], ["市町村", "人口", "区数"], J, "shift_jis")
# 37 canada statcan: bilingual & footnotes block with quotes
add("statcan", ['"Table 17-10-0005-01"', '"Population estimates"', '"Annual"', "", '"Geography","2021","2022"', *[f'"{a}","{100+i}","{200+i}"' for i, a in enumerate(AREAS)], "", '"Footnotes:"', '"1","Estimates are final."', '"2","See the guide, page 4."', "", '"How to cite: Statistics, Table 17-10"'],
   ["Geography", "2021", "2022"], [[a, 100 + i, 200 + i] for i, a in enumerate(AREAS)])
# 38 header where one title is missing
add("one_title_missing", ["Area,Code,,Per cent", *lines(*AREA_ROWS)], ["Area", "Code", "column_3", "Per cent"], AREA_ROWS)
# 39 duplicate titles
add("duplicate_titles", ["Area,Value,Value,Value", *lines(*[[a, i, i + 1, i + 2] for i, a in enumerate(AREAS)])], ["Area", "Value", "Value_2", "Value_3"], [[a, i, i + 1, i + 2] for i, a in enumerate(AREAS)])
# 40 header-only units in parentheses with group spanning
add("groups_with_units", ["Station,Air,,Water,", ",temp,hum,temp,level", ",°C,%,°C,m", *lines(*Y)], ["Station", "Air temp °C", "Air hum %", "Water temp °C", "Water level m"], Y)
# 41 side by side tables padded
SB = [["A", 1, "", "X", 10], ["B", 2, "", "Y", 20], ["C", 3, "", "Z", 30], ["D", 4, "", "W", 40]]
add("side_by_side", ["Item,Qty,,Shop,Sold", *lines(*SB)], ["Item", "Qty", "Shop", "Sold"], [[r[0], r[1], r[3], r[4]] for r in SB])
# 42 single data row below head
add("one_row", ["Report", "", "Area,Men,Women", "Leeds,3,4"], ["Area", "Men", "Women"], [["Leeds", 3, 4]])
# 43 no header with numbers
add("no_header", lines(*[[f"2024-01-{i:02d}", i, i * 2] for i in range(1, 10)]), ["column_1", "column_2", "column_3"], [[f"2024-01-{i:02d}", i, i * 2] for i in range(1, 10)])
# 44 tab separated with empty columns
add("tabs_empty_cells", ["id\tname\tnote\tflag", *[f"{i}\tn{i}\t\t{'y' if i % 2 else ''}" for i in range(1, 9)]], ["id", "name", "note", "flag"], [[i, f"n{i}", "", "y" if i % 2 else ""] for i in range(1, 9)])
# 45 codes row below header (SDMX labels + codes)
add("labels_and_codes", ["Region name,Sex,Age group,Persons", "REGION,SEX,AGE,OBS_VALUE", *lines(*[[a, "F", "0-14", i * 10] for i, a in enumerate(AREAS, 1)])], ["Region name REGION", "Sex SEX", "Age group AGE", "Persons OBS_VALUE"], [[a, "F", "0-14", i * 10] for i, a in enumerate(AREAS, 1)])
# 46 census: GEO.id and long labels (american fact finder)
add("factfinder", ["GEO.id,GEO.display-label,HC01,HC02", "Id,Geography,Estimate; Total,Margin of Error; Total", *lines(*[[f"0500000US0{i}", f"County {i}", 100 * i, i] for i in range(1, 8)])], ["GEO.id Id", "GEO.display-label Geography", "HC01 Estimate; Total", "HC02 Margin of Error; Total"], [[f"0500000US0{i}", f"County {i}", 100 * i, i] for i in range(1, 8)])
# 47 dates in header
add("dates_in_header", ["Country,1/22/20,1/23/20,1/24/20", *lines(*[[a, i, i * 2, i * 3] for i, a in enumerate(AREAS)])], ["Country", "1/22/20", "1/23/20", "1/24/20"], [[a, i, i * 2, i * 3] for i, a in enumerate(AREAS)])
# 48 numbered columns row below header
add("numbered_columns", ["Area,Men,Women,All", "1,2,3,4", *lines(*[[a, 10 + i, 20 + i, 30 + 2 * i] for i, a in enumerate(AREAS)])], ["Area", "Men", "Women", "All"], [[a, 10 + i, 20 + i, 30 + 2 * i] for i, a in enumerate(AREAS)])
# 49 quotes around everything incl whole line
add("whole_line_quoted", ['"id,name,amount"', *[f'"{i},n{i},{i}.5"' for i in range(1, 9)]], ["id", "name", "amount"], [[i, f"n{i}", f"{i}.5"] for i in range(1, 9)])
# 50 fixed: ragged head of key, value pairs with commas wide as table
add("head_as_wide", ["Report,Sales,North", "Run by,A. Kim,2024-02-01", "Region,Rep,Sold", *lines(*[[a, f"R{i}", i * 5] for i, a in enumerate(AREAS, 1)])], ["Region", "Rep", "Sold"], [[a, f"R{i}", i * 5] for i, a in enumerate(AREAS, 1)])
# 51 stats with footnote markers in cells
add("footnote_markers", ["Area(1),Value(2)", *lines(*[[a + ("*" if i == 2 else ""), f"{i}p" if i == 3 else i] for i, a in enumerate(AREAS)]), "(1) as of 2020", "(2) in thousands"], ["Area(1)", "Value(2)"], [[a + ("*" if i == 2 else ""), f"{i}p" if i == 3 else i] for i, a in enumerate(AREAS)])
# 52 UTF-16 tab export
add("utf16_tabs", "Code\tName\tValue\r\n" + "".join(f"{i}\tÑ{i}\t{i}.5\r\n" for i in range(1, 9)), ["Code", "Name", "Value"], [[i, f"Ñ{i}", f"{i}.5"] for i in range(1, 9)], "utf-16")
# 53 BOM + sep
add("sep_line", ["sep=;", "id;name", *[f"{i};n{i}" for i in range(1, 9)]], ["id", "name"], [[i, f"n{i}"] for i in range(1, 9)], "utf-8-sig")
# 54 blank line after header
add("blank_after_header", ["Area,Men,Women", "", *lines(*T)], ["Area", "Men", "Women"], T)
add("blank_padded_after_header", ["Area,Men,Women", ",,", *lines(*T)], ["Area", "Men", "Women"], T)
# 55 rule after header
add("rule_after_header", ["Area;Men;Women", "----;---;-----", *lines(*T, sep=";")], ["Area", "Men", "Women"], T)
# 56 totals row first
add("total_first_kept", ["Area,Men,Women", "England,36,48", *lines(*T)], ["Area", "Men", "Women"], [["England", 36, 48], *T])
# 57 unit line above header
add("unit_line_above", ["Einwohner nach Bezirk,,", "(in 1000),,", "Bezirk,2020,2021", *lines(*[[a, f"{i}.5", f"{i}.7"] for i, a in enumerate(AREAS)])], ["Bezirk", "2020", "2021"], [[a, f"{i}.5", f"{i}.7"] for i, a in enumerate(AREAS)])
# 58 title cell in second column
add("title_in_second_column", [",Budget 2024,,", ",,,", "Code,Title,Plan,Actual", *lines(*[[f"{100+i}", f"Item {i}", i * 1000, i * 900] for i in range(1, 9)])], ["Code", "Title", "Plan", "Actual"], [[f"{100+i}", f"Item {i}", i * 1000, i * 900] for i in range(1, 9)])
# 59 sparse data with long runs of blanks in the first column (group value given once)
add("group_once", ["Region,Town,Pop", "North,Leeds,10", ",York,20", ",Hull,30", "South,Bath,40", ",Hove,50"], ["Region", "Town", "Pop"], [["North", "Leeds", 10], ["", "York", 20], ["", "Hull", 30], ["South", "Bath", 40], ["", "Hove", 50]])
# 60 text table, 2 columns description list
add("two_text_columns", ["Term,Meaning", "asset,a thing of value", "debt,a sum owed", "equity,what is left"], ["Term", "Meaning"], [["asset", "a thing of value"], ["debt", "a sum owed"], ["equity", "what is left"]])
