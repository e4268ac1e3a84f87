/** Texts of the page of a site's calls, in both languages. */

import { wordsOf } from "../../authority/kit/language";
import type { State, Verdict } from "./answers";

const states = (names: Record<State, string>) => names;
const verdicts = (names: Record<Verdict, string>) => names;

export const en = {
  title: "Calls",
  lead: "Who talks with whom at this site, how urgently, and how it sounds. Never what is said.",
  going: "In progress",
  noneGoing: "Nobody is on the telephone.",
  over: "The last that are over",
  noneOver: "No call has ended since this edge was started.",
  people: "Call",
  to: "to",
  precedence: "Precedence",
  emergency: "Emergency",
  state: "State",
  states: states({
    dialling: "dialling",
    ringing: "ringing",
    connected: "talking",
    "held here": "held at this site",
    "held there": "held at the other end",
    "held by both": "held by both",
  }),
  since: "Since",
  began: "Began",
  talked: "Talked for",
  why: "Why it ended",
  quality: "How it sounds",
  sounded: "How it sounded",
  levels: { good: "good", notice: "fair", bad: "poor" },
  figures: (mos: string, r: string) => `MOS ${mos}, R ${r}`,
  worst: (mos: string) => `worst ${mos}`,
  mean: (mos: string) => `mean ${mos}`,
  line: (loss: string, trip: string) => `${loss} lost, ${trip} there and back`,
  unheard: "not told yet",
  never: "nothing was told",
  decisions: "Decisions",
  decisionsLead:
    "Why calls were let in, refused or had to yield: the last 200, fewer of one caller.",
  noneDecided: "Nothing was decided since this edge was started.",
  decisionsUnknown: "This edge does not tell of its decisions.",
  decided: "Decided",
  verdict: "Verdict",
  verdicts: verdicts({ admitted: "let in", refused: "refused", yields: "had to yield" }),
  reason: "Reason",
  note: "MOS and R are those of the E-model (ITU-T G.107), from what each receiver reports. The other end's site tells of its own devices.",
};

export type Words = typeof en;

export const it: Words = {
  title: "Chiamate",
  lead: "Chi parla con chi in questa sede, con quale urgenza e come si sente. Mai che cosa si dice.",
  going: "In corso",
  noneGoing: "Nessuno è al telefono.",
  over: "Le ultime concluse",
  noneOver: "Nessuna chiamata è finita da quando questo edge è stato avviato.",
  people: "Chiamata",
  to: "a",
  precedence: "Precedenza",
  emergency: "Emergenza",
  state: "Stato",
  states: states({
    dialling: "in composizione",
    ringing: "squilla",
    connected: "in conversazione",
    "held here": "in attesa da questa sede",
    "held there": "in attesa dall'altro capo",
    "held by both": "in attesa da entrambi",
  }),
  since: "Da",
  began: "Inizio",
  talked: "Durata",
  why: "Perché è finita",
  quality: "Come si sente",
  sounded: "Come si sentiva",
  levels: { good: "bene", notice: "discretamente", bad: "male" },
  figures: (mos, r) => `MOS ${mos}, R ${r}`,
  worst: (mos) => `minimo ${mos}`,
  mean: (mos) => `medio ${mos}`,
  line: (loss, trip) => `${loss} persi, ${trip} andata e ritorno`,
  unheard: "non ancora riferito",
  never: "nulla è stato riferito",
  decisions: "Decisioni",
  decisionsLead:
    "Perché le chiamate sono state ammesse, rifiutate o hanno ceduto: le ultime 200, meno di uno stesso chiamante.",
  noneDecided: "Nulla è stato deciso da quando questo edge è stato avviato.",
  decisionsUnknown: "Questo edge non dice le sue decisioni.",
  decided: "Deciso",
  verdict: "Esito",
  verdicts: verdicts({ admitted: "ammessa", refused: "rifiutata", yields: "ha ceduto" }),
  reason: "Motivo",
  note: "MOS e R sono quelli dell'E-model (ITU-T G.107), da ciò che ogni ricevitore riferisce. La sede dell'altro capo riferisce dei propri dispositivi.",
};

export const t = wordsOf({ en, it });
