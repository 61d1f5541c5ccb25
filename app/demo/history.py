"""The weeks before: short requests that came, were answered and put away, for what is told by week and by contract.

Two lines each: when (working days ago and a time of day), who asked, what and how urgent; then who took it, how many
working days later and when they solved it, and how long that took. Work that somebody has to approve is approved.
"""

from __future__ import annotations

from app.demo.telling import Step, Story, take, task, work

# Who approves the work of whom: the leads of the teams.
_APPROVERS = {"Radu": "Elena", "Vlad": "Elena", "Andrei": "Cristina", "Ioana": "Mihai", "Elena": "Ana", "Mihai": "Ana"}
# Billable work up to here is approved by itself.
_SHORT_MINUTES = 30

# Days ago, hour; requester, type, priority, subject; agent, days later, hour, minutes, reply.
_REQUESTS: tuple[tuple[int, str, str, str, str, str, str, int, str, int, str], ...] = (
    (58, "09:20", "Ioana Mureșan", "incident", "high", "Imprimanta de la recepția mărfii nu răspunde",
     "Radu", 0, "10:05", 25, "Am repornit serverul de tipărire; coada s-a golit."),
    (57, "11:10", "Maria Varga", "change", "normal", "Verificare lunară servere și UPS, septembrie",
     "Andrei", 0, "14:30", 320, "Verificarea s-a încheiat; un acumulator trebuie urmărit."),
    (55, "10:40", "Simona Rus", "request", "normal", "Acces la arhiva de imagini",
     "Ioana", 0, "11:30", 20, "Aveți acces; vă rog deschideți din nou aplicația."),
    (53, "13:15", "Dan Olaru", "incident", "high", "Televizoarele din camere nu au semnal",
     "Vlad", 0, "14:05", 30, "Un comutator de etaj era blocat; l-am repornit."),
    (52, "09:05", "Horia Bota", "change", "normal", "Stație nouă la cabinetul 4",
     "Andrei", 0, "12:20", 290, "Stația e instalată și legată la imprimanta de rețete."),
    (50, "14:20", "Gabriela Ursu", "question", "low", "Cum schimb parola la e-mail?",
     "Mihai", 0, "14:50", 10, "V-am trimis pașii; durează un minut."),
    (48, "10:00", "Zoltan Kiss", "incident", "normal", "Fișiere șterse din greșeală",
     "Vlad", 3, "11:45", 30, "Le-am adus înapoi din copia de aseară."),
    (47, "09:40", "Maria Varga", "change", "normal", "Cablare pentru două mașini noi în hala 1",
     "Andrei", 0, "13:10", 430, "Cele două prize sunt trase și măsurate."),
    (45, "12:30", "Corina Tudor", "incident", "urgent", "Cititorul de card nu pornește",
     "Radu", 0, "13:05", 20, "Am schimbat alimentatorul; tranzacțiile merg."),
    (43, "09:15", "Petru Hanga", "request", "normal", "Număr de interior pentru un coleg nou",
     "Ioana", 0, "10:10", 15, "Interiorul 214 este activ."),
    (42, "10:30", "Simona Rus", "incident", "high", "Laboratorul nu vede aparatul de analize",
     "Elena", 0, "12:10", 30, "Adresa aparatului se schimbase; am fixat-o."),
    (40, "11:20", "Ioana Mureșan", "incident", "normal", "Alerte de spațiu pe serverul WMS",
     "Vlad", 0, "12:50", 25, "Am mutat jurnalele vechi; sunt 40% liberi."),
    (38, "08:50", "Maria Varga", "change", "normal", "Verificare lunară servere și UPS, octombrie",
     "Andrei", 0, "12:40", 340, "Totul în parametri; raportul este în dosar."),
    (37, "13:40", "Dan Olaru", "incident", "urgent", "Nu merg încuietorile cu card la etajul 3",
     "Radu", 0, "15:20", 30, "Controlerul etajului avea ora greșită; ușile se deschid."),
    (35, "10:15", "Horia Bota", "change", "normal", "Mutarea serverului de programări",
     "Andrei", 0, "13:30", 380, "Serverul este în camera nouă și răspunde."),
    (33, "09:30", "Zoltan Kiss", "question", "low", "Ce program folosim pentru semnături?",
     "Mihai", 0, "10:05", 10, "V-am trimis linkul și un ghid de o pagină."),
    (32, "14:00", "Gabriela Ursu", "incident", "normal", "Cântarul nu mai trimite greutatea",
     "Vlad", 1, "09:50", 30, "Portul serial era ocupat de alt program."),
    (30, "10:45", "Ioana Mureșan", "incident", "high", "Terminalele pierd rețeaua pe rampa 2",
     "Radu", 0, "11:25", 30, "Am mărit puterea punctului de acces de pe rampă."),
    (28, "11:30", "Simona Rus", "request", "normal", "Cont pentru medicul rezident",
     "Ioana", 0, "12:10", 15, "Contul este gata, parola merge pe SMS."),
    (27, "09:10", "Maria Varga", "change", "normal", "Înlocuire server de fișiere",
     "Andrei", 0, "13:00", 470, "Datele sunt mutate, iar cel vechi rămâne o lună de rezervă."),
    (25, "12:00", "Petru Hanga", "incident", "urgent", "Centrala telefonică nu preia apeluri",
     "Elena", 0, "13:50", 30, "Furnizorul avea o avarie; am trecut pe linia de rezervă."),
    (23, "10:20", "Corina Tudor", "request", "normal", "Imprimantă nouă în rețea",
     "Ioana", 0, "11:00", 25, "O găsiți în listă ca „Farmacie 2”."),
    (22, "13:10", "Horia Bota", "change", "normal", "Rețea separată pentru pacienți",
     "Andrei", 0, "15:10", 400, "Rețeaua „Medis-Oaspeți” merge în sala de așteptare."),
    (20, "09:25", "Dan Olaru", "incident", "high", "Rezervările nu apar la recepție",
     "Vlad", 0, "10:05", 25, "Sincronizarea s-a reluat; lipseau două ore."),
    (18, "10:50", "Maria Varga", "change", "normal", "Verificare lunară servere și UPS, noiembrie",
     "Andrei", 0, "14:10", 330, "Am schimbat acumulatorul urmărit din septembrie."),
    (17, "14:30", "Ioana Mureșan", "incident", "normal", "Raportul de stoc se oprește la jumătate",
     "Vlad", 0, "16:10", 30, "O interogare bloca tabela; am oprit-o."),
    (15, "09:45", "Zoltan Kiss", "incident", "high", "Nu merge scanarea spre e-mail",
     "Radu", 0, "10:40", 25, "Certificatul multifuncționalei expirase."),
    (13, "11:15", "Horia Bota", "change", "normal", "Trei stații noi la recepția clinicii",
     "Andrei", 0, "14:40", 420, "Stațiile lucrează; cele vechi sunt pregătite de predare."),
    (12, "10:05", "Maria Varga", "change", "normal", "Licențe și actualizări pe stațiile din hale",
     "Andrei", 0, "13:20", 410, "Au rămas două stații vechi, pentru ele vă trimit oferta."),
    (10, "13:30", "Simona Rus", "incident", "high", "Fișele se deschid greu dimineața",
     "Elena", 0, "14:20", 30, "Copia de siguranță pornea la 8; am mutat-o la 4."),
)  # fmt: skip


def _told(request: tuple[int, str, str, str, str, str, str, int, str, int, str]) -> Story:
    ago, hour, requester, kind, priority, subject, agent, later, solved_at, minutes, reply = request
    solved = f"-{ago - later} {solved_at}"
    steps = [take(f"-{ago} {_minutes_later(hour, 12)}", agent), work(solved, agent, "solved", reply, minutes)]
    if minutes > _SHORT_MINUTES:
        steps.append(task(_after(solved, 20), "approve_work", _APPROVERS[agent], outcome="approve"))
    steps.append(Step(_after(solved, 35), "confirm", requester, {}))
    return Story(
        subject, f"{subject}.\n\nMulțumesc!", requester, f"-{ago} {hour}", "email", kind, priority, tuple(steps)
    )


def _after(moment: str, minutes: int) -> str:
    days, hour = moment.split()
    return f"{days} {_minutes_later(hour, minutes)}"


def _minutes_later(hour: str, minutes: int) -> str:
    hours, past = hour.split(":")
    total = int(hours) * 60 + int(past) + minutes
    return f"{total // 60:02}:{total % 60:02}"


HISTORY: tuple[Story, ...] = tuple(_told(request) for request in _REQUESTS)
