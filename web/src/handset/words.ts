/** Texts of the phone for exercises, in both languages. */

import { wordsOf } from "../authority/kit/language";
import type { HeardChannel } from "./shapes";

const channels = (names: Record<HeardChannel, string>) => names;

export const en = {
  title: "Phone for exercises",
  notReal:
    "This page is a phone for exercises. It receives no public warnings: keep your own phone switched on for those.",
  switchOn: "Switch on",
  switchOnLead:
    "From then on it sounds and vibrates when an exercise or a test reaches the place where it stands.",
  at: (lat: string, lon: string) => `stands at ${lat}, ${lon}`,
  waiting: "Nothing is on the air here.",
  off: "No connection. It tries again by itself.",
  listening: "Listening",
  opening: "Opening …",
  noneTitle: "This browser is no phone yet",
  none: "Open the link that an officer has made on the duty desk.",
  channels: channels({ exercise: "EXERCISE", test: "TECHNICAL TEST" }),
  notAWarning: channels({
    exercise: "This is an exercise. Nothing has happened.",
    test: "This is a technical test. Nothing has happened.",
  }),
  cancelled: "CANCELLED",
  over: "over",
  language: "Language of the message",
  languages: { it: "Italian", en: "English", de: "German", fr: "French", sl: "Slovene" } as Record<
    string,
    string
  >,
  seen: "I have read it",
  silence: "Stop the sound",
  history: "What was received",
  noHistory: "Nothing was received yet.",
  show: "Show",
  arrived: (text: string) => `New message: ${text}`,
};
type Words = typeof en;

export const it: Words = {
  title: "Telefono di esercitazione",
  notReal:
    "Questa pagina è un telefono di esercitazione. Non riceve avvisi pubblici: per quelli tieni acceso il tuo telefono.",
  switchOn: "Accendi",
  switchOnLead:
    "Da quel momento suona e vibra quando un'esercitazione o una prova raggiunge il luogo in cui sta.",
  at: (lat, lon) => `sta a ${lat}, ${lon}`,
  waiting: "Qui nulla è in onda.",
  off: "Nessun collegamento. Riprova da sé.",
  listening: "In ascolto",
  opening: "Apertura …",
  noneTitle: "Questo browser non è ancora un telefono",
  none: "Apri il link che un funzionario ha creato nella pagina degli avvisi.",
  channels: { exercise: "ESERCITAZIONE", test: "PROVA TECNICA" },
  notAWarning: {
    exercise: "Questa è un'esercitazione. Non è successo nulla.",
    test: "Questa è una prova tecnica. Non è successo nulla.",
  },
  cancelled: "REVOCATO",
  over: "terminato",
  language: "Lingua del messaggio",
  languages: { it: "Italiano", en: "Inglese", de: "Tedesco", fr: "Francese", sl: "Sloveno" },
  seen: "L'ho letto",
  silence: "Ferma il suono",
  history: "Che cosa è stato ricevuto",
  noHistory: "Non è stato ancora ricevuto nulla.",
  show: "Mostra",
  arrived: (text) => `Nuovo messaggio: ${text}`,
};

/** The texts in the reader's language. */
export const t = wordsOf({ it, en });
