"""The requests of the demo, as stories: who wrote what, and what was done about it, and when.

Moments are written as seen from the day the demo is loaded: `"-3 09:12"` is 9:12 in the desk's zone three working days
ago, `"-25m"` twenty-five minutes before now. What would lie in the future is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Step:
    """One thing that happens to a request: a verb of `loading.VERBS`, who does it, and what it takes."""

    at: str
    verb: str
    who: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A request and what became of it."""

    subject: str
    text: str
    requester: str
    at: str
    channel: str = "email"
    kind: str = "incident"
    priority: str | None = None
    steps: tuple[Step, ...] = ()


def take(at: str, who: str) -> Step:
    """Somebody of the team takes the request over."""
    return Step(at, "take_over", who, {"outcome": "mine"})


def work(at: str, who: str, outcome: str, reply: str, minutes: int = 15, **more: Any) -> Step:
    """The assignee completes the work task: answer, ask or solved."""
    values = {"outcome": outcome, "reply": reply, "minutes": minutes, "kind": "remote", "billable": True, **more}
    return Step(at, "work", who, values)


def escalate(at: str, who: str, reason: str, skill: str | None = None) -> Step:
    """The assignee asks for an escalation."""
    values = {"outcome": "escalate", "escalation_reason": reason, "escalation_skill": skill, "minutes": 20}
    return Step(at, "work", who, {**values, "kind": "remote", "billable": True})


def writes(at: str, who: str, text: str) -> Step:
    """The customer writes."""
    return Step(at, "customer_writes", who, {"text": text})


def note(at: str, who: str, text: str) -> Step:
    """A colleague leaves an internal note."""
    return Step(at, "note", who, {"text": text})


def task(at: str, element: str, who: str, **values: Any) -> Step:
    """Somebody completes another user task of the request, its escalation or its work entries."""
    return Step(at, element, who, values)


STORIES: tuple[Story, ...] = (
    Story(
        "Scanerele din depozit nu se mai sincronizează cu WMS",
        "Bună ziua,\n\nDe azi-dimineață scanerele din Hala B nu mai trimit datele în WMS. Sunt 14 Zebra TC52.\n"
        "Le-am repornit, fără efect.\n\nMulțumesc,\nIoana Mureșan",
        "Ioana Mureșan",
        "-1 14:00",
        priority="high",
        steps=(
            take("-1 14:10", "Radu"),
            work(
                "-1 14:30",
                "Radu",
                "ask",
                "Bună ziua, Ioana. Am nevoie de jurnalul punctului de acces din Hala B ca să văd de ce cad doar unele "
                "terminale. Îl găsiți la Setări → Jurnal → Export.",
                25,
                note="Verificat WMS și rețeaua din depozit",
            ),
            writes("-1 16:00", "Ioana Mureșan", "Am atașat jurnalul. La 12:05 pare că s-a repornit singur."),
            note(
                "-1 16:30",
                "Elena",
                "Vineri la 12:05 s-a aplicat firmware 7.1.3 pe AP-ul din Hala B. Același simptom la Textil Bihor în "
                "octombrie: rețeaua ascunsă nu mai pornește singură.",
            ),
            work(
                "-1 17:10",
                "Radu",
                "answer",
                "Am văzut în jurnal că punctul de acces a pierdut rețeaua de scanere la actualizare. O repun de la "
                "distanță și revin.",
                45,
                note="Repus rețeaua de scanere pe AP-HB-02",
            ),
            writes(
                "-38m",
                "Ioana Mureșan",
                "Bună dimineața, am repornit toate cele 14 terminale. Zece merg, dar cele patru din Hala B rămân pe "
                "„Se conectează…”. Camionul de Deva pleacă la 14:30, am vrea să îl încărcăm cu scanerul, nu pe hârtie.",
            ),
        ),
    ),
    Story(
        "VPN-ul cade la fiecare 20 de minute",
        "Medicii care lucrează de acasă pierd conexiunea VPN la aproximativ 20 de minute. Trebuie să se autentifice "
        "din nou de fiecare dată.",
        "Horia Bota",
        "-1 11:20",
        priority="high",
        steps=(
            take("-1 11:50", "Vlad"),
            work(
                "-1 13:00",
                "Vlad",
                "answer",
                "Văd în jurnal reînnoirea cheii la 20 de minute. Testez o setare.",
                40,
            ),
            writes("-1 16:30", "Horia Bota", "Tot cade, acum chiar mai des. Colegii nu pot completa fișele."),
        ),
    ),
    Story(
        "Imprimanta de etichete nu mai trage ribonul",
        "Imprimanta Zebra de la ambalare derulează ribonul în gol. Avem livrare mâine la 6.",
        "Gabriela Ursu",
        "-1 14:05",
        channel="phone",
        kind="change",
        priority="urgent",
    ),
    Story(
        "Casa de marcat nu trimite la ANAF",
        "Casa de marcat 2 afișează „conexiune ANAF eșuată” de la deschidere.",
        "Corina Tudor",
        "-4h",
        kind="incident",
        priority="high",
        steps=(take("-3h", "Vlad"),),
    ),
    Story(
        "Înlocuire acumulatori UPS, hala 2",
        "UPS-ul din hala 2 semnalează acumulatori epuizați. Vă rugăm să îi înlocuiți săptămâna aceasta.",
        "Maria Varga",
        "-3 10:00",
        channel="portal",
        kind="change",
        steps=(
            take("-3 11:00", "Andrei"),
            work(
                "-2 16:20",
                "Andrei",
                "solved",
                "Am înlocuit cei patru acumulatori și am testat comutarea: ține 18 minute la sarcina de azi.",
                150,
                kind="on_site",
                travel_minutes=100,
                travel_km=86,
                note="Înlocuit acumulatori UPS hala 2, test de sarcină",
            ),
        ),
    ),
    Story(
        "Cont nou pentru laborator",
        "Avem o colegă nouă la laborator de luni. Are nevoie de cont, e-mail și acces la LIS.",
        "Simona Rus",
        "-3 12:10",
        channel="portal",
        kind="request",
        steps=(
            take("-3 12:40", "Ioana"),
            work(
                "-3 13:00",
                "Ioana",
                "ask",
                "Bună ziua, Simona. Cum se numește colega și ce drepturi are nevoie în LIS (citire sau validare)?",
                10,
            ),
        ),
    ),
    Story(
        "Backup-ul de noapte eșuează cu 0x8007",
        "De două nopți backup-ul serverului de recepție se oprește cu eroarea 0x8007.",
        "Dan Olaru",
        "-2 08:50",
        priority="high",
        steps=(
            take("-2 09:05", "Elena"),
            escalate("-2 11:40", "Elena", "Controlerul de disc dă erori, trebuie cineva la fața locului.", "hardware"),
            task("-2 13:15", "decide", "Ana", outcome="approve"),
            task("-2 14:00", "accept", "Andrei", outcome="accept"),
            work(
                "-1 12:30",
                "Andrei",
                "ask",
                "Am înlocuit discul defect din oglindă. Când putem reporni serverul, ca să verificăm backup-ul?",
                120,
                kind="on_site",
                travel_minutes=45,
                travel_km=22,
                note="Înlocuit disc 2 din RAID 1",
            ),
        ),
    ),
    Story(
        "Fișierele partajate se deschid foarte greu",
        "De ieri fișierele de pe serverul comun se deschid în 30 de secunde. Toată lumea se plânge.",
        "Zoltan Kiss",
        "-1 09:10",
        steps=(
            take("-1 09:50", "Vlad"),
            escalate("-1 12:20", "Vlad", "Cred că e antivirusul de pe server; nu am drepturi acolo.", "network"),
            task("-1 14:10", "decide", "Elena", outcome="approve"),
        ),
    ),
    Story(
        "Configurare ruter la sediul nou",
        "Ne mutăm biroul la etajul 2 luni. Ruterul trebuie configurat și mutat.",
        "Petru Hanga",
        "-4 10:30",
        channel="phone",
        kind="change",
        steps=(
            take("-4 11:00", "Radu"),
            work(
                "-2 12:00",
                "Radu",
                "ask",
                "Ruterul este configurat. Putem veni să îl mutăm luni la ora 8, înainte de program?",
                60,
                kind="on_site",
                travel_minutes=130,
                travel_km=0,
                note="Configurat ruterul pentru etajul 2",
            ),
            task("-1 10:00", "approve_work", "Cristina", outcome="reject", reason="Lipsesc kilometrii la întoarcere."),
        ),
    ),
    Story(
        "Nu mai primesc e-mailuri cu atașamente mari",
        "Un furnizor îmi trimite planuri de 18 MB și nu ajung.",
        "Petru Hanga",
        "-5 10:15",
        kind="question",
        steps=(
            take("-5 10:40", "Mihai"),
            work("-5 11:10", "Mihai", "solved", "Am ridicat limita la 30 MB pentru domeniul furnizorului.", 20),
            Step("-5 14:00", "confirm", "Petru Hanga", {}),
        ),
    ),
    Story(
        "Monitorul din recepție clipește",
        "Monitorul de la recepție clipește după câteva minute.",
        "Dan Olaru",
        "-6 09:30",
        channel="phone",
        steps=(
            take("-6 09:45", "Radu"),
            work("-6 10:20", "Radu", "solved", "Am schimbat cablul DisplayPort, imaginea e stabilă.", 30),
            Step("-6 12:00", "confirm", "Dan Olaru", {}),
        ),
    ),
    Story(
        "Parolă uitată la portalul de comenzi",
        "Nu mai știu parola la portalul de comenzi.",
        "Gabriela Ursu",
        "-6 13:20",
        channel="portal",
        kind="request",
        steps=(
            take("-6 13:30", "Ioana"),
            work("-6 13:40", "Ioana", "solved", "V-am trimis un link de resetare, valabil o oră.", 5),
            Step("-6 14:10", "confirm", "Gabriela Ursu", {}),
        ),
    ),
    Story(
        "Wi-Fi slab în sala de conferințe",
        "În sala de conferințe semnalul e slab, iar joi avem un eveniment cu 60 de persoane.",
        "Dan Olaru",
        "-7 11:00",
        priority="high",
        steps=(
            take("-7 11:20", "Elena"),
            work(
                "-7 15:00",
                "Elena",
                "solved",
                "Am mutat punctul de acces și am schimbat canalul; sunt 4 linii.",
                90,
            ),
            writes("-6 09:00", "Dan Olaru", "Lângă scenă tot nu merge, din păcate."),
            work("-6 12:30", "Elena", "solved", "Am mai pus un punct de acces lângă scenă și l-am verificat.", 60),
            Step("-6 16:00", "confirm", "Dan Olaru", {}),
        ),
    ),
    Story(
        "Licență expirată la programul de croit",
        "Programul de croit spune că licența a expirat ieri.",
        "Maria Varga",
        "-8 08:40",
        steps=(
            take("-8 09:00", "Vlad"),
            work("-8 09:20", "Vlad", "ask", "Ne trimiteți, vă rog, numărul facturii de reînnoire?", 10),
        ),
    ),
    Story(
        "Server de fișiere: spațiu aproape plin",
        "Monitorizarea arată 94% ocupat pe volumul D.",
        "Horia Bota",
        "-2 14:40",
        channel="api",
        steps=(
            take("-2 15:00", "Elena"),
            work("-2 16:10", "Elena", "answer", "Am eliberat 120 GB din copiile vechi; propun un disc nou.", 30),
        ),
    ),
    Story(
        "Verificare lunară servere și UPS",
        "Verificarea lunară conform contractului.",
        "Zoltan Kiss",
        "-1 15:00",
        channel="recurring",
        kind="change",
        priority="low",
    ),
    Story(
        "Acces la dosarul comun pentru doi colegi",
        "Vă rog acces la „Achiziții” pentru Pop Ana și Marcu Liviu.",
        "Maria Varga",
        "-50m",
        channel="portal",
        kind="request",
    ),
    Story(
        "Cum export raportul de stocuri?",
        "Nu găsesc butonul de export în noua versiune.",
        "Ioana Mureșan",
        "-2h",
        kind="question",
        steps=(take("-90m", "Mihai"),),
    ),
    Story(
        "Telefonul de la dispecerat nu sună",
        "Apelurile intră direct în căsuța vocală.",
        "Petru Hanga",
        "-70m",
        channel="phone",
        priority="urgent",
        steps=(
            take("-60m", "Radu"),
            work("-45m", "Radu", "answer", "Am găsit o redirecționare activă pe centrală; o dezactivez acum.", 15),
        ),
    ),
    Story(
        "Oferta pentru încă două calculatoare",
        "Ne puteți trimite o ofertă pentru două stații de lucru ca ultimele?",
        "Corina Tudor",
        "-3 15:30",
        kind="request",
        steps=(
            take("-2 09:15", "Ioana"),
            work("-2 10:00", "Ioana", "ask", "Sigur. Le doriți cu același monitor de 24 de inchi?", 10),
            writes("-1 10:20", "Corina Tudor", "Da, la fel. Mulțumesc!"),
            work("-1 11:00", "Ioana", "answer", "Vă trimit oferta până la sfârșitul zilei.", 10),
        ),
    ),
    Story(
        "Actualizare program de gestiune",
        "A apărut versiunea 8.2; o putem instala într-o seară?",
        "Gabriela Ursu",
        "-5 12:00",
        kind="change",
        steps=(
            take("-5 13:00", "Cristina"),
            Step("-4 10:00", "cancel", "Gabriela Ursu", {"reason": "Rămânem deocamdată pe versiunea veche."}),
        ),
    ),
    Story(
        "Certificat expirat pe pagina de rezervări",
        "Oaspeții văd un avertisment de securitate când rezervă.",
        "Dan Olaru",
        "-4 08:30",
        priority="urgent",
        steps=(
            take("-4 08:40", "Elena"),
            work("-4 09:00", "Elena", "solved", "Am reînnoit certificatul și am pornit reînnoirea automată.", 35),
            Step("-4 09:30", "confirm", "Dan Olaru", {}),
        ),
    ),
    Story(
        "Imprimanta de la recepție scoate pagini goale",
        "După schimbarea tonerului scoate pagini goale.",
        "Horia Bota",
        "-3 09:20",
        kind="change",
        steps=(
            take("-3 10:30", "Cristina"),
            work(
                "-3 13:00",
                "Cristina",
                "solved",
                "Banda de protecție a tonerului nu fusese scoasă. Acum tipărește corect.",
                40,
                kind="on_site",
                travel_minutes=35,
                travel_km=12,
            ),
            Step("-2 09:00", "confirm", "Horia Bota", {}),
        ),
    ),
    Story(
        "E-mailuri suspecte de la „bancă”",
        "Mai mulți colegi au primit un mesaj care pare de la bancă și cere parola.",
        "Simona Rus",
        "-1 08:40",
        priority="urgent",
        steps=(
            take("-1 08:50", "Elena"),
            work(
                "-1 09:10",
                "Elena",
                "solved",
                "Mesajul e o înșelătorie. L-am blocat și l-am scos din toate căsuțele; nimeni nu a deschis linkul.",
                50,
            ),
        ),
    ),
    Story(
        "Tabletele de la etajul 2 nu se încarcă",
        "Din dulapul de încărcare pornesc doar trei tablete din zece.",
        "Simona Rus",
        "-6 10:10",
        kind="change",
        steps=(
            take("-6 11:30", "Andrei"),
            escalate("-6 12:00", "Andrei", "Nu e defect electric, e o setare în aplicația lor.", "software"),
            task("-6 13:00", "decide", "Cristina", outcome="refuse", reason="Sună întâi producătorul, e în garanție."),
            work("-5 11:00", "Andrei", "solved", "Producătorul a trimis un modul nou, l-am montat.", 45, kind="phone"),
            Step("-5 15:00", "confirm", "Simona Rus", {}),
        ),
    ),
    Story(
        "Internet căzut la punctul de lucru Florești",
        "Nu avem deloc internet la Florești. Casa de marcat merge offline.",
        "Corina Tudor",
        "-7 09:00",
        channel="phone",
        priority="urgent",
        steps=(
            take("-7 09:10", "Radu"),
            work("-7 10:00", "Radu", "answer", "Furnizorul confirmă o fibră tăiată; revine la 13.", 30, kind="phone"),
            work("-7 13:30", "Radu", "solved", "Legătura a revenit la 13:10, am verificat vitezele.", 15),
            Step("-7 15:00", "confirm", "Corina Tudor", {}),
        ),
    ),
    Story(
        "Semnătură electronică pentru director",
        "Directorul are nevoie de semnătură electronică până vineri.",
        "Zoltan Kiss",
        "-4 14:00",
        kind="request",
        steps=(
            take("-4 14:30", "Ioana"),
            work("-3 10:00", "Ioana", "solved", "Certificatul e instalat pe laptopul domnului director.", 40),
        ),
    ),
    Story(
        "Program lent la închiderea de lună",
        "La închiderea de lună programul de contabilitate se blochează minute întregi.",
        "Maria Varga",
        "-1 15:20",
        steps=(
            take("-1 15:40", "Vlad"),
            note("-1 16:10", "Vlad", "Baza are 38 GB, indecșii nu s-au refăcut din mai."),
            work("-1 16:40", "Vlad", "answer", "Am găsit cauza; refac indecșii diseară, după program.", 55),
        ),
    ),
    Story(
        "Cititor de carduri la poarta 3",
        "Cititorul de la poarta 3 nu mai recunoaște cardurile noi.",
        "Ioana Mureșan",
        "-20m",
        priority="normal",
    ),
    Story(
        "Instruire pentru doi colegi noi",
        "Doi colegi noi la depozit au nevoie de o instruire scurtă pe WMS.",
        "Ioana Mureșan",
        "-3 11:40",
        kind="request",
        priority="low",
        steps=(
            take("-3 13:00", "Mihai"),
            work("-3 13:30", "Mihai", "answer", "Putem marți sau joi, de la 10, la dumneavoastră. Când preferați?", 10),
        ),
    ),
)
