"""Requests of the demo about networks, telephones and what runs on servers."""

from __future__ import annotations

from app.demo.mails import drawn
from app.demo.telling import Step, Story, copies, escalate, mails, note, take, task, work, writes

_LOG = "\n".join(
    f"2026-11-27 12:0{minute}:13 ap-hb-02 {said}"
    for minute, said in enumerate(
        ("radio 1 up", "client 40:83:de:11 joined wms-scan", "firmware 7.1.3 received", "reboot", "radio 1 up",
         "hidden ssid wms-scan not restored", "client 40:83:de:11 auth failed", "client 40:83:de:12 auth failed")
    )
).encode()  # fmt: skip

NETWORK: tuple[Story, ...] = (
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
            mails(
                "-1 16:00",
                "Ioana Mureșan",
                "Am atașat jurnalul și o poză cu mesajul de pe scaner. La 12:05 pare că s-a repornit singur.",
                "Bună ziua, Ioana. Am nevoie de jurnalul punctului de acces din Hala B ca să văd de ce cad doar unele "
                "terminale. Îl găsiți la Setări → Jurnal → Export.",
                {"ap-hala-b.log": _LOG, "scaner-eroare.png": drawn(480, 320, (166, 27, 38))},
            ),
            copies("-1 16:20", "Radu", "depozit@albalogistic.example"),
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
        "Comutatorul din hala 3 repornește singur",
        "De două zile comutatorul din hala 3 repornește de câteva ori pe zi și rămânem fără rețea câte cinci minute.",
        "Zoltan Kiss",
        "-1 10:10",
        priority="high",
        steps=(
            take("-1 10:30", "Vlad"),
            work("-1 11:30", "Vlad", "answer", "Văd în jurnal căderi de tensiune. Caut cauza și revin azi.", 30),
            escalate("-90m", "Vlad", "Sursa pare defectă; trebuie cineva cu un comutator de schimb.", "hardware"),
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
)
