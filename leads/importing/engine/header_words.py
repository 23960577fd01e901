"""Which field a header names: its words without what writers do differently, in the languages of business software."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from leads.importing.engine.rows import RowFormat
from leads.text.folding import fold

# What stands in brackets behind a header and says how to fill it in, not what it is.
NOTES = frozenset({
    "", "必須", "任意", "必須項目", "入力必須", "required", "optional", "mandatory", "requiredfield", "pflicht",
    "pflichtfeld",
    "erforderlich", "obligatoire", "facultatif", "obligatorio", "opcional", "obbligatorio", "facoltativo",
})  # fmt: skip
BRACKETS = re.compile(r"[(\[{（［【〔<「]([^()\[\]{}（）［］【】〔〕<>「」]*)[)\]}）］】〕>」]")
NOTE_BEHIND = re.compile(r"[\s:：*※-]+(?:required|optional|mandatory|必須|任意)\s*$", re.I)
BETWEEN_NAMES = re.compile(r"[/|／｜・]| or ", re.I)
# Words of other languages than ours, by the field that they name in files of leads.
ELSEWHERE = {
    "email": "E-Mail-Adresse|Emailadresse|Adresse e-mail|Adresse mail|Courriel|Correo|Correo electrónico"
             "|Posta elettronica|電子郵件|邮箱|이메일",
    "given_name": "Vorname|Prénom|Nombre|Nome|名字|이름",
    "family_name": "Nachname|Familienname|Zuname|Nom|Nom de famille|Apellido|Apellidos|Cognome|姓氏",
    "full_name": "Ansprechpartner|Kontakt|Nom complet|Nombre completo|Nome completo|Nome e cognome",
    "phone": "Telefon|Telefonnummer|Tel.-Nr.|Rufnummer|Mobil|Mobiltelefon|Handy|Téléphone|Tél|Portable|Teléfono|Móvil"
             "|Telefono|Cellulare|電話號碼|电话|전화",
    "title": "Berufsbezeichnung|Funktion|Fonction|Poste|Intitulé du poste|Cargo|Puesto|Ruolo|Qualifica",
    "department": "Abteilung|Service|Département|Departamento|Reparto",
    "country": "Land|Pays|País|Paese|Nazione",
    "region": "Bundesland|Kanton|Région|Provincia|Provincia/Stato|Regione",
    "source": "Quelle|Herkunft|Leadquelle|Origine|Provenance|Origen|Fuente|Fonte",
    "campaign": "Kampagne|Campagne|Campaña|Campagna",
    "consent": "Einwilligung|Werbeeinwilligung|Consentement|Consentimiento|Consenso",
    "unsubscribed": "Abgemeldet|Désabonné|Désinscrit|Dado de baja|Disiscritto",
    "created_at": "Erstellt am|Erstellt|Erstelldatum|Anlagedatum|Angelegt am|Créé le|Date de création"
                  "|Creado el|Fecha de creación|Creato il|Data di creazione",
    "company.name": "Firma|Firmenname|Unternehmen|Unternehmensname|Organisation|Société|Entreprise|Raison sociale"
                    "|Empresa|Razón social|Azienda|Ragione sociale|Società|公司|회사",
    "company.domain": "Webseite|Internetseite|Homepage|Site web|Sitio web|Sito web",
    "company.industry": "Branche|Secteur|Secteur d'activité|Sector|Settore",
    "company.employees": "Mitarbeiter|Mitarbeiterzahl|Anzahl Mitarbeiter|Effectif|Nombre d'employés|Empleados"
                         "|Dipendenti",
    "company.revenue": "Umsatz|Jahresumsatz|Chiffre d'affaires|Facturación|Fatturato",
}  # fmt: skip


def columns_by_words(kind: RowFormat, headers: Sequence[str]) -> dict[str, str]:
    """Each header with the field that it names. Of several for one field, only those that may share it: phones."""
    by_word = words_of(kind)
    found: dict[str, str] = {}
    for header in headers:
        name = field_named(header, by_word)
        if name and (name not in found.values() or name == "phone"):
            found[header] = name
    return found


def field_named(header: str, by_word: dict[str, str]) -> str:
    """The field that the header names: as it stands, without notes in brackets, or by all of its names alike."""
    bare = NOTE_BEHIND.sub("", BRACKETS.sub(_without_note, unicodedata.normalize("NFKC", header)))
    for word in (header, bare):
        if name := by_word.get(plain(word)):
            return name
    named = {by_word.get(plain(part), "") for part in BETWEEN_NAMES.split(bare) if plain(part)} - {""}
    return named.pop() if len(named) == 1 else ""


def _without_note(found: re.Match[str]) -> str:
    note = plain(found[1])
    return "" if note in NOTES or note.isdigit() or note.startswith(("例", "半角", "全角")) else found[0]


def words_of(kind: RowFormat) -> dict[str, str]:
    """Fields by the words for them: name, label, synonyms."""
    by_word: dict[str, str] = {}
    for field in kind.fields.values():
        for word in (field.name, str(field.label), *field.synonyms):
            by_word.setdefault(plain(word), field.name)
    for name, words in ELSEWHERE.items():
        for field_name in (name, f"lead.{name}", name.removeprefix("company.")):
            if field_name in kind.fields:
                for word in words.split("|"):
                    by_word.setdefault(plain(word), field_name)
    return by_word


def plain(word: str) -> str:
    """A header without what writers do differently: width, case, spaces, underscores, marks."""
    return "".join(letter for letter in fold(word) if letter.isalnum())
