"""What single words of a header speak of, in English, French, Dutch and German; and what must never be matched. Pure.

Only data: matching.py reads headers with it. A word may speak of several things (`teamleider`: a team, a leader).
"""

from collections.abc import Mapping
from typing import Final

NEVER: Final = "never"
"""What gives power or is nobody's business, and other people than the row's: no column, whatever else is said."""

# Written as matching.words_of finds them: small, without accents.
_WORDS: Final[Mapping[str, str]] = {
    # e-mail
    "mail": "email emails mail mails mel courriel courriels",
    "mail address": "emailadres emailadressen mailadres emailaddress mailaddress emailadresse mailadresse emailadr",
    "mail work": "werkmail werkemail bedrijfsmail bedrijfsemail workemail workmail promail",
    "mail private": "privemail priveemail thuismail homeemail privatemail",
    "electronic": "electronique electronic elektronisch elektronische messagerie",
    "address": "address addresses adresse adresses adres adr addr",
    "work": "work business professional professionnel professionnelle pro werk zakelijk zakelijke office corporate "
    "dienstlich dienstliche geschaftlich geschaftliche bureau",
    "private": "private personal personnel personnelle perso prive privee privaat home thuis privat domicile",
    "second": "second secondary alternate alternative secondaire secundair secundaire alternatief alternatieve "
    "recovery recuperation herstel autre other ander andere extra backup",
    "main": "main primary principal principale default primair primaire hoofd belangrijkste standaard",
    # names
    "firstname": "prenom voornaam roepnaam forename forenames firstname fname givenname vorname rufname vorna",
    "firstname all": "prenoms voornamen vornamen",
    "lastname": "surname surnames lastname lname familyname achternaam familienaam geslachtsnaam nachname "
    "familienname patronyme nachn sn",
    "first": "first given",
    "last": "last family famille familie patronymique",
    "name": "name nom noms naam namen names",
    "full": "full complete complet complets entier volledig volledige voluit display whole formatted vollstandig "
    "vollstandiger",
    "full name": "fullname displayname",
    "legal": "legal legale wettelijk wettelijke officiel officiele official",
    "preferred": "preferred prefere preferee usuel usuelle voorkeur voorkeurs chosen known bevorzugte bevorzugter "
    "communication communicatie correspondance correspondence correspondentie preference preferences",
    "contact": "contact",
    # people: the row's own person
    "user": "user users utilisateur utilisateurs gebruiker gebruikers benutzer",
    "account": "account",
    "person": "person people persoon personen personne personnes employee employees employe employes worker workers "
    "medewerker medewerkers werknemer werknemers collaborateur collaborateurs collaboratrice salarie salaries staff "
    "agent member members membre membres lid leden student students etudiant etudiants etudiante leerling leerlingen "
    "cursist cursisten eleve eleves pupil apprenant apprenants learner learners participant participants deelnemer "
    "deelnemers mitarbeiter teilnehmer stagiaire candidate candidat kandidaat invite invited invitee genodigde "
    "etudiantes",
    # where they belong
    "company": "company companies compagnie organisation organisations organization societe societes entreprise "
    "employeur employer etablissement bedrijf bedrijven organisatie firma onderneming werkgever instelling "
    "institution institutionname unternehmen gesellschaft arbeitgeber organisme",
    "company name": "bedrijfsnaam organisatienaam firmanaam firmenname companyname ondernemingsnaam",
    "entity": "entity entite entiteit",
    "group": "group groups groupe groupes groep groepen class classes classe klas klassen gruppe gruppen klasse "
    "lesgroep lesgroepen leergroep klasgroep",
    "group person": "studentgroup studentgroups studentengroep studentengroepen cursistengroep",
    "group name": "groepsnaam groupname klasnaam classname gruppenname",
    "cohort": "cohort cohorts cohorte cohortes",
    "team": "team teams equipe equipes ploeg ploegen",
    "team name": "teamnaam teamname ploegnaam",
    "team leader": "teamleader teamleaders teamlead teamleider ploegleider ploegbaas teamverantwoordelijke "
    "ploegverantwoordelijke teamleiter teammanager teamchef",
    "leader": "leader leaders leider leidinggevende manager managers chef responsable supervisor superviseur "
    "verantwoordelijke superieur vorgesetzter vorgesetzte manageur",
    "label": "label etiquette libelle etiket gebruikerslabel userlabel",
    "type user": "usertype gebruikerstype",
    "type": "type types soort",
    # language
    "language": "language languages langue langues lang taal sprache locale",
    "language code": "taalcode langcode sprachcode languagecode",
    "language preferred": "voorkeurstaal correspondentietaal contacttaal communicatietaal",
    "language platform": "platformtaal interfacetaal",
    "code": "code iso",
    "platform": "platform plateforme plateform interface ui site",
    # says nothing
    "": "the of a an to your you is what s de du des d l la le les un une votre vos quel quelle est van het een uw "
    "jouw je wat op der die das ihr and et en und y or ou required requis requise obligatoire verplicht optional "
    "facultatif facultative optioneel pflichtfeld value values veld field champ direct hierarchique hierarchisch line "
    "please",
    # names that are not what a person is called by, and how people sign in
    "user main name": "userprincipalname",
    "login": "username usernames login logins logon userid loginid identifiant gebruikersnaam inlognaam benutzername",
    NEVER: "password passwords passwort passwd passphrase pwd pass passe motdepasse mdp wachtwoord paswoord kennwort "
    "secret secrets geheim token tokens api apikey pin otp hash salt credential credentials admin admins "
    "administrator administrators administrateur administratrice beheerder isadmin superuser root role roles rol "
    "rollen rolle permission permissions machtiging machtigingen bevoegdheid bevoegdheden rechten droit droits rights "
    "right privilege privileges scope scopes acl autorisation authorization autorisatie salary salaire salaires loon "
    "salaris wage remuneration gehalt bonus iban bic bank banque rekening birth birthday birthdate dob naissance "
    "geboorte geboortedatum geburtsdatum verjaardag anniversaire age leeftijd phone phones telephone telephones tel "
    "telefoon telefoonnummer telefon mobile gsm portable mobiel handy fax sex sexe gender genre geslacht geschlecht "
    "ssn niss insz bsn nir rijksregister rijksregisternummer country pays land landen nationality nationalite "
    "nationaliteit citizenship region regio middle middelste deuxieme tweede maiden nickname bijnaam phonetic yomi "
    "prefix suffix initials initialen initiales voorletters geboortenaam "
    "parent parents mother father mere pere ouder ouders vader moeder guardian tuteur tutrice voogd spouse partner "
    "conjoint conjointe emergency urgence nood noodcontact assistant assistante secretary secretaire hr rh teacher "
    "teachers docent leraar leerkracht professeur enseignant coach mentor tutor trainer formateur formatrice sponsor "
    "inviter creator created owner author approver sender recipient billing facturation invoice factuur support "
    "helpdesk moedertaal maternelle native muttersprache",
    # known, so that it is not taken for a slip, and none of the above
    "else": "lead labels passport paspoort passeport courrier local lokaal header reader loader dealer groei glass "
    "staat table prime price drive title titel titre status state id number nummer numero nr no date day jour dag "
    "time sent verified count size level niveau school ecole department departement service afdeling dienst abteilung "
    "division city ville function functie fonction job poste comment comments remark opmerking note notes category "
    "categorie client clients klant klanten klantnaam customer customers",
}
MEANINGS: Final[Mapping[str, frozenset[str]]] = {
    word: frozenset(meanings.split()) for meanings, words in _WORDS.items() for word in words.split()
}
"""What a word speaks of; nothing for a word that says nothing."""
