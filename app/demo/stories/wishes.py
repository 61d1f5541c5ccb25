"""Requests of the demo for something new: accounts, rights, offers, lessons."""

from __future__ import annotations

from app.demo.telling import Step, Story, take, task, work, writes

WISHES: tuple[Story, ...] = (
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
        "Acces la dosarul comun pentru doi colegi",
        "Vă rog acces la „Achiziții” pentru Pop Ana și Marcu Liviu.",
        "Maria Varga",
        "-50m",
        channel="portal",
        kind="request",
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
            Step("-2 10:05", "offer", "Ioana", {}),
            writes("-1 10:20", "Corina Tudor", "Da, la fel. Mulțumesc!"),
            task(
                "-1 10:50",
                "prepare",
                "Ioana",
                text="Două stații de lucru cu monitoare de 24 de inchi, instalate.",
                hours=3,
            ),
            Step("-1 16:00", "mend_offer", "Sorin", {}),
            work("-1 11:00", "Ioana", "answer", "Vă trimit oferta până la sfârșitul zilei.", 10),
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
