"""Requests of the demo about programs: what does not work, what runs out, how something is done."""

from __future__ import annotations

from app.demo.telling import Step, Story, note, take, work

PROGRAMS: tuple[Story, ...] = (
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
        "Cum export raportul de stocuri?",
        "Nu găsesc butonul de export în noua versiune.",
        "Ioana Mureșan",
        "-2h",
        kind="question",
        steps=(take("-90m", "Mihai"),),
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
)
