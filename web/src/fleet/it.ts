import type { FleetWords } from "./en";

export const it: FleetWords = {
  title: "Flotta",
  lead: "Dove sono le nostre piattaforme, che cosa le serve nelle prossime ore e dove atterra il loro traffico.",

  map: "Mappa della flotta. Tutto ciò che mostra è scritto accanto.",
  mapDrawing:
    "Mappa della flotta. Le frecce la spostano; Invio mette un punto della rotta al centro del mirino.",
  mapFailed: "La mappa non si è potuta disegnare. Tutto ciò che mostra è scritto accanto.",
  webgl: "Questo browser non ha WebGL 2: la mappa manca. Tutto ciò che mostra è scritto.",
  zoomIn: "Ingrandisci",
  zoomOut: "Riduci",
  wholeFleet: "Tutta la flotta",
  pointHere: "Metti un punto qui",
  key: "Legenda della mappa",
  keyCourse: "rotta, prossime 2 ore",
  keyEllipse: "posizione al 95 %",
  keyTrack: "rotta disegnata",
  labelOf: (name, state) => `${name} · ${state}`,

  watch: "Da sorvegliare",
  watchLead: "Tutte le interruzioni delle prossime 6 ore, le più vicine per prime.",
  watchNone: "Nessuna interruzione nelle prossime 6 ore",
  watchNoneText: "Ogni piattaforma ha un satellite in ogni slot pianificato.",
  watchIn: (when) => `tra ${when}`,
  watchNow: "adesso",
  without: (length) => `${length} senza servizio`,
  more: (count) => `e altre ${count}`,
  show: (name) => `Mostra ${name} sulla mappa`,

  ahead: "Contatti previsti",
  aheadLead:
    "Ogni campo di una barra è un satellite, ogni gradino un cambio. Tratteggiato: senza servizio. Scegli una barra e usa le frecce; Pag giù porta all'interruzione seguente.",
  span: "Tempo mostrato",
  hours: (count) => `${count} h`,
  noFleet: "Nessuna piattaforma che puoi vedere",
  noFleetText: "La policy dice chi vede quale piattaforma. Accedi, se non l'hai fatto.",
  kinds: {
    ship: "Nave",
    helicopter: "Elicottero",
    aircraft: "Aereo",
    drone: "Drone",
  },
  speedNow: (knots, heading) => `${knots} kn, ${heading}°`,
  servedBy: (satellite) => `servita da ${satellite}`,
  unknownYet: "in calcolo",
  preparing:
    "Si prepara il cielo delle prossime ore. La prima volta su una macchina ci vogliono uno o due minuti.",
  incomplete:
    "Provvisorio: si aggiunge il carico degli utenti commerciali. Fino ad allora le velocità sono troppo alte.",
  states: {
    held: { name: "rispettata", meaning: "Atterra solo dove la regola consente." },
    stopped: {
      name: "fermata",
      meaning:
        "Un satellite serve, ma non raggiunge nulla che la regola consenta: non si invia nulla.",
    },
    free: { name: "senza regola", meaning: "Atterra dove l'operatore la fa atterrare." },
  },
  landing: "Atterraggio",
  landsAt: (gateway, country, point) => `a ${gateway} (${country}), per ${point}`,
  landsNowhere: "ora da nessuna parte",
  rule: "Regola",
  ruleAny: "ovunque",
  ruleOnly: (names) => `solo ${names}`,
  ruleNot: (codes) => `mai in ${codes}`,
  lasers: {
    any: "con o senza collegamenti laser",
    required: "solo con collegamenti laser",
    forbidden: "senza collegamenti laser",
  },
  now: "ora",
  bar: (name) => `Contatti: ${name}`,
  noPiece: "Non ancora pianificato",
  contact: (satellite, from, to) => `${satellite}, dalle ${from} alle ${to}`,
  sigma: (seconds) => `± ${seconds} s`,
  facts: (trip, down, up, highest) =>
    `${trip} ms andata e ritorno · almeno ${down} / ${up} Mbit/s giù/su · fino a ${highest}° di altezza`,
  hops: (count) =>
    count === 0
      ? "nessun laser"
      : count === 1
        ? "1 collegamento laser"
        : `${count} collegamenti laser`,
  alternatives: (names) => `di riserva: ${names}`,
  noAlternatives: "nessun altro satellite di riserva",
  gap: (from, to, length) => `dalle ${from} alle ${to}: ${length} senza servizio`,
  asTable: "In tabella",
  tableFrom: "Dalle (UTC)",
  tableTo: "Alle (UTC)",
  tableWhat: "Satellite, o perché manca",
  tableLanding: "Atterra a",
  tableTrip: "ms",
  tableRate: "Mbit/s ↓/↑",

  worth: (availability, handovers, gaps) =>
    `${availability} % del tempo, ${handovers} cambi, ${gaps} ${gaps === 1 ? "interruzione" : "interruzioni"}`,
  availability: "Disponibilità",
  delay: "Andata e ritorno",
  leastRate: "Velocità minima giù",
  changes: "Cambi",
  withoutService: "Senza servizio",

  plan: "Pianifica una rotta",
  planLead: "Disegna dove andrebbe una piattaforma; i contatti seguono mentre disegni.",
  start: "Disegna sulla mappa",
  stop: "Smetti di disegnare",
  drawHelp:
    "Premi sulla mappa per mettere punti, trascina un punto per spostarlo. Da tastiera: le frecce spostano la mappa, Invio mette un punto al centro del mirino.",
  pointsSet: (count) =>
    count === 0 ? "Nessun punto ancora." : count === 1 ? "1 punto messo." : `${count} punti messi.`,
  mostPoints: (most) => `Più di ${most} non sono possibili.`,
  undo: "Togli l'ultimo punto",
  clear: "Cancella la rotta",
  written: "Punti della rotta",
  writtenHelp: "Uno per riga: latitudine, longitudine in gradi, per esempio 37.2, 17.0",
  writtenWrong: (most) =>
    `Ogni riga ha una latitudine da −90 a 90 e una longitudine da −180 a 180; al più ${most} righe.`,
  kind: "Tipo di piattaforma",
  speed: "Velocità, nodi",
  height: "Altezza dell'antenna, m",
  numberWrong: "Scrivi un numero, per esempio 16 o 16,5.",
  begin: "Comincia",
  beginNow: "adesso",
  beginIn: (minutes) => `tra ${minutes} min`,
  ruleTitle: "Dove può atterrare il suo traffico",
  onlyGateways: "Solo a queste stazioni",
  onlyGatewaysHelp: "Nessuna spuntata: a tutte.",
  neverIn: "Mai in questi paesi",
  lasersTitle: "Collegamenti laser",
  result: "Che cosa ottiene la rotta",
  noTrack: "Metti almeno un punto: uno è una piattaforma ferma, due o più sono un viaggio.",
  arrival: (when, hours) => `Arriva alle ${when} UTC, dopo ${hours} h.`,
  cut: "Pianificata per le prime 6 ore.",
  legs: "Tratte",
  leg: (course, miles) => `${course}°, ${miles} nmi`,
  draftName: "la rotta",

  inMinutes: (minutes) => `${minutes} min`,
  inHours: (hours, minutes) => `${hours} h ${minutes} min`,
  inSeconds: (seconds) => `${seconds} s`,
};
