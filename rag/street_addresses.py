"""Street addresses with a house number, as patterns; pure.

In: nothing. Out: ``ADDRESSES``, for text in NFC: the usual notations of some twenty languages, with capitals and in
small letters. Years are no house numbers. Refuses nothing; addresses without a number are not found.
"""

import regex

_NO = r"(?!(?:19|20)\d\d)\d{1,4}(?:[a-zA-Z]|\s[A-H])?(?!\w)"
_NUMBER_AFTER = rf",?(?:\s{{1,3}}|(?<=\.))(?:nr\.?|no\.?|n[°º]|№|д\.?|буд\.?|дом)?\s?{_NO}"
_TOWN = r"(?:\s?,?\s?(?:[A-Z]{1,2}-)?\d{4,5}\s\p{Lu}[\p{L}-]+)?"
_LOWER_TOWN = r"(?:\s?,?\s?(?:[a-z]{1,2}-)?\d{4,5}\s\p{L}[\p{L}-]+)?"
_NAME = r"\p{Lu}[\p{L}\p{M}'’.-]*"
_NAMES = rf"(?:(?:de|del|da|do|dos|di|la|le|les|du|des|of|van|den)\s|{_NAME}\s){{0,4}}"
_WITH_CAPITALS = tuple(
    regex.compile(pattern)
    for pattern in (
        # 221B Baker Street
        rf"(?<!\w)\d{{1,5}}[a-zA-Z]?,?\s(?:{_NAME}\s){{1,3}}(?i:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive"
        rf"|boulevard|blvd\.?|court|crescent|terrace|close)(?!\w)",
        # Lindenstraße 5, Kerkstraat 12b, Havnegata 7, Storgatan 3, Mannerheimintie 4
        rf"(?<!\w)(?:{_NAME}[\s-]){{0,2}}\p{{Lu}}[\p{{L}}-]*(?i:stra(?:ß|ss)e|str\.?|weg|allee|platz|gasse|damm|ufer|ring"
        rf"|straat|laan|plein|gracht|kade|dijk|gata|gate|gaten|vei|veien|vej|gade|gatan|vägen|torget|plass|katu|tie"
        rf"|utca|út){_NUMBER_AFTER}{_TOWN}",
        # Karl Johans gate 22
        rf"(?<!\w)(?:{_NAME}\s){{1,3}}(?:gate|gata|gt\.|vei|veg|vej|plass|plads|väg|gränd|straße|str\.|platz|straat|laan)"
        rf"{_NUMBER_AFTER}{_TOWN}",
        # 12, rue de la Paix
        rf"(?<!\w){_NO},?\s(?:bis\s|ter\s)?(?i:rue|avenue|boulevard|place|chemin|impasse|quai|allée)\s{_NAMES}{_NAME}",
        # Calle Mayor 5; Via Roma, 10; Rua Augusta 20; ul. Długa 4; ул. Ленина, д. 5; вул. Хрещатик 22
        rf"(?<!\w)(?i:calle|c/|avenida|avda\.?|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|praça|ul\.|ulica|al\."
        rf"|os\.|ул\.|улица|проспект|пр\.|вул\.|вулиця|бул\.|οδός|str\.|strada)\s?{_NAMES}{_NAME}{_NUMBER_AFTER}",
        # Atatürk Caddesi No: 5
        rf"(?<!\w)(?:{_NAME}\s){{1,3}}(?i:caddesi|cad\.|sokak|sokağı|sk\.|bulvarı)\s?(?i:no[:.]?\s?)?{_NO}",
        # شارع الملك 12
        rf"(?<!\w)(?:شارع|خیابان|רחוב)\s(?:\p{{L}}+\s){{1,3}}{_NO}",
        # 建国路88号; 3丁目2番1号; 테헤란로 152
        r"[\p{Han}]{1,8}[路街道巷弄]\s?\d{1,4}\s?[号號弄]",
        r"\d{1,3}\s?丁目(?:\s?\d{1,4}\s?(?:番地?|号|[-−－]))*\d{0,4}",
        r"[\p{Hangul}]{2,8}(?:로|길)\s\d{1,4}(?:번길\s\d{1,4})?(?!\d|\p{L})",
        # 東京都千代田区1-1-1; 道玄坂2-10-7
        r"[\p{Han}ヶケノ]{2,14}(?!(?:19|20)\d\d)\d{1,4}(?:[-−－‐]\d{1,4}){2}(?![\d-])",
        r"[\p{Han}ヶケノ]{1,10}[区市町村]\p{Han}{0,8}(?!(?:19|20)\d\d)\d{1,4}[-−－‐]\d{1,4}(?![\d-])",
    )
)

# In small letters a street's name is told from other words by what stands around it, not by its capital.
_NO_STREET = r"km|kwh|kw|hours?|days?|of|on|off|per|to|the|a|in|or|and|wheel|all|test|electric|rear|front|cars?|lane"
_WORD = rf"(?!(?:{_NO_STREET})\b)[\p{{L}}\p{{M}}'’-]+"
_LOWER_NAME = r"(?:(?:de|del|da|do|dos|di|la|le|les|du|des)\s){0,2}[\p{L}\p{M}'’-]{2,}"
_NO_UNIT = r"(?!\s?(?:[%°€]|(?:km|kwh?|kg|cm|mm|m|min|minut|mil|stunden|tim|uur|prozent|prosent)))"
_ENDS = (
    r"(?=\s*(?:$|[\n,.;:!?)])"
    r"|\s(?:in|i|im|a|à|en|de|di|w|we|в|у|м|кв|te|na|em|and|und|og|och|et|y|e|и|та|і)(?!\w))"
)
_IN_SMALL_LETTERS = tuple(
    regex.compile(pattern, regex.IGNORECASE)
    for pattern in (
        # 221b baker street; 12 station road
        rf"(?<![\w.,])(?!(?:1[5-9]|20)\d\d)\d{{1,4}}[a-z]?,?\s(?:{_WORD}\s){{1,2}}(?:street|avenue|boulevard|crescent)(?!\w)",
        rf"(?<![\w.,])(?!(?:1[5-9]|20)\d\d)\d{{1,4}}[a-z]?,?\s{_WORD}\s(?:road|rd|st|drive|lane|court|terrace|close)\.?{_ENDS}",
        # lindenstraße 5, musterstr 12, kerkstraat 12b
        rf"(?<!\w)[\p{{L}}-]{{2,}}(?:stra(?:ß|ss)e|str\.?|gasse|allee|straat|laan|gracht|gata|gaten|veien|gade|gatan|vägen"
        rf"|katu|utca){_NUMBER_AFTER}{_NO_UNIT}{_LOWER_TOWN}",
        rf"(?<!\w)[\p{{L}}-]{{3,}}(?:weg|platz|damm|ufer|ring|plein|kade|dijk|gate|vei|vej|torget|plass|tie|út)"
        rf"{_NUMBER_AFTER}{_ENDS}{_LOWER_TOWN}",
        # karl johans gate 22
        rf"(?<!\w)[\p{{L}}]{{3,}}\s(?:gate|gata|gt\.|straße|str\.|straat|laan|gränd){_NUMBER_AFTER}{_ENDS}{_LOWER_TOWN}",
        # 12 rue de la paix
        rf"(?<!\w){_NO},?\s(?:bis\s|ter\s)?(?:(?:rue|avenue|boulevard|bd|chemin|impasse|quai|allée)\s"
        rf"|place\s(?=du|des|de\sla)){_LOWER_NAME}(?:\s(?!(?:à|a|et|ou|est|dans|en|pour|avec|au)\b)[\p{{L}}-]{{3,}}{_ENDS})?",
        # calle mayor 5, via roma 10, ул ленина 5
        r"(?<!\w)(?:calle|c/|avenida|avda\.?|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|praça|ul\.?|ulica|ulicy"
        r"|ул\.?|улиц[аеы]|проспект|вул\.?|вулиц[яіі]|бул\.?|strada)\s"
        rf"(?!(?:type|typ|ccs|bluetooth|usb|mode|modo|level|app|version|route|di\scirca|circa|dopo)\b){_LOWER_NAME}"
        rf"(?:\s[\p{{L}}-]{{2,}})?{_NUMBER_AFTER}{_ENDS}",
    )
)
ADDRESSES = (*_WITH_CAPITALS, *_IN_SMALL_LETTERS)
