"""The short, closed word lists that the code itself relies on: function words, units, tenses, keywords.

Symptoms and everyday words belong in ``lexicon/``, never here.
"""

# ruff: noqa: SIM905 - a list of words is read as words
from __future__ import annotations

EARLIER = frozenset(
    (
        "yesterday ayer was were earlier era estaba before antes last tuve anoche started woke been ayr "
        "monday lunes llegue llego desperte amaneci estuvo fue sunday saturday morning "
    ).split()
)

DOSE_WORDS = frozenset(
    (
        "tylenol advil ibuprofen motrin aleve tramadol took take tome tomo at age after every cada "
        "exercises week day dia semana room number1 hice did walked minutes times ex "
    ).split()
)

EASED = frozenset(
    (
        "to into down bajo baja after despues got quedo queda dejo deja settled settles brings brought "
        "bajado knocked "
    ).split()
)

BEFORE_NOW = frozenset(
    (
        "was were hit anoche ayer yesterday last earlier antier tuve tuvo fue llego subio had spiked been "
        "night second monday tuesday wednesday thursday friday saturday sunday lunes martes miercoles "
        "jueves viernes sabado domingo "
    ).split()
)

ACKNOWLEDGING = frozenset(
    (
        "ok okay k kk thanks thank you so much very gracias muchas bueno vale got it will do sounds good "
        "perfect perfecto great cool roger understood entendido de acuerdo doctor doctora mam maam sir "
        "emojithumbsup emojithanks "
    ).split()
)

PLAIN = frozenset(
    (
        "a an the i im ive my me mine you your yall it its is am are was be been to of for in on at and or "
        "so that this there with just only very really too today now here we us our do did have had has got "
        "get some any all as than from up out about doctor nurse dr said says un una el la los las lo le se "
        "mi yo su es esta estoy estan y o ya con para por en de del al que muy mas todo toda hoy ahora aqui "
        "he ha tengo tiene hay siento nada mucho bastante solo nomas gracias thanks thank what when how if "
        "whats go going went goes does "
    ).split()
)

EXPLAINING = frozenset(
    (
        "no bareno yesword filler pronoun possessive time normal thanks if trendbetter trendsame still gone "
    ).split()
)

OPT_OUT = frozenset(
    ("stop stopall unsubscribe cancel end quit revoke optout alto parar baja cancelar salir detener ").split()
)

#: What may follow an opt-out word that begins a longer text ("STOP I have a fever", "stop please").
FOLLOWS = frozenset(
    ("i im my me please por now already ya tengo mi estoy no dont texting all sending ").split()
)

SYMPTOMS = frozenset(
    (
        "numb tingle weak paralyzed swell pus blood soak fever chills headache vomit nausea dizzy rash itch "
        "fatigue sore stiff pain confuse faint seizure droop slur leak fall constip die unfeel cannot "
        "severe worse sudden saddle chest throat breath overdose "
    ).split()
)

#: Words after a number that make it a count of something else than a score or a temperature.
OTHER_UNITS = frozenset(
    (
        "mg mgs ml cc mcg iu hours hour hrs hr h minutes minute min mins seconds days day weeks week wks "
        "months month years year yrs yo times x pills pill tabs tablets tylenols miles mile steps blocks "
        "block lbs lb pounds pm am percent reps rep sets rounds laps horas hora minutos minuto dias dia "
        "semanas semana meses mes ano anos años año veces vez pastillas pastilla pildoras pasos cuadras "
        "libras kilos kilo series vueltas repeticiones grandkids kids stairs flights cups glasses vasos "
        "feet foot inches cm o'clock oclock people th st nd rd dollars puntos gasas toallas tylenol advil "
        "ibuprofen ibuprofenos tramadol cigarettes beers sitting dressings "
    ).split()
)

TEMPERATURE_WORDS = frozenset(
    (
        "temp temps temperature temperatura thermometer termometro fever fevers fiebre calentura degrees "
        "grados f c farenheit fahrenheit celsius centigrados tempature tempeture feverish febril sobaco "
        "axila underarm "
    ).split()
)

STOPS = frozenset(
    (
        "but though although except however pero aunque sino excepto menos salvo still tho cept mas_bien "
    ).split()
)
