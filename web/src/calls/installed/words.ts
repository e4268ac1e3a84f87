/** The texts about where the page came from; what is told of a refusal itself is English. */

import { wordsOf } from "../../authority/kit/language";

const en = {
  title: "The page that runs",
  fresh:
    "This site's edge has served this page, and is trusted with it: an altered page could say and do whatever it likes.",
  installed: (number: number, version: string) =>
    `This page came out of the copy on this device: list ${number}, version ${version}, as two officers have signed it.`,
  next: (number: number) => `List ${number} was taken: it runs from the next start.`,
  refused:
    "This page came out of the copy on this device. The edge hands out something else that was refused.",
  kept: (number: number) => `A copy is kept on this device: list ${number}.`,
  install: "Keep a copy on this device",
  installHelp:
    "From the next start the pages of this site come from this device, and change only by what two officers have signed.",
  keptNow: "The copy is kept. It runs from the next start.",
  notKept: "No copy was kept.",
  remove: "Remove the copy",
  removeWhat: "From the next start this site's edge serves its pages, and is trusted with them.",
  removed: "The copy was removed.",
};

const it: typeof en = {
  title: "La pagina in uso",
  fresh:
    "Questa pagina è stata fornita dal nodo di questa sede, di cui ci si fida: una pagina alterata potrebbe dire e fare qualsiasi cosa.",
  installed: (number, version) =>
    `Questa pagina viene dalla copia su questo dispositivo: elenco ${number}, versione ${version}, come l'hanno firmato due responsabili.`,
  next: (number) => `È stato preso l'elenco ${number}: vale dal prossimo avvio.`,
  refused:
    "Questa pagina viene dalla copia su questo dispositivo. Il nodo offre qualcos'altro, che è stato rifiutato.",
  kept: (number) => `Su questo dispositivo c'è una copia: elenco ${number}.`,
  install: "Tieni una copia su questo dispositivo",
  installHelp:
    "Dal prossimo avvio le pagine di questa sede vengono da questo dispositivo, e cambiano solo con ciò che due responsabili hanno firmato.",
  keptNow: "La copia è stata salvata. Vale dal prossimo avvio.",
  notKept: "Nessuna copia è stata salvata.",
  remove: "Rimuovi la copia",
  removeWhat:
    "Dal prossimo avvio le pagine sono fornite dal nodo di questa sede, di cui ci si fida.",
  removed: "La copia è stata rimossa.",
};

export const t = wordsOf({ it, en });
