/** Texts of plain WireGuard devices, in both languages. */

const en = {
  title: "Plain WireGuard devices",
  notPostQuantum: "not post-quantum",
  meaning: (port: string) =>
    `Whoever records what these devices send may read it one day, with a quantum computer. They call at UDP port ${port}.`,
  forbidden:
    "The state's policy lets this site have no plain devices: none of them is let in. They stay on the list, and are let in again once the policy names the site.",
  none: "The state's policy lets this site have plain devices. None has been exported.",
  count: (count: number) =>
    count === 1 ? "1 device not post-quantum" : `${count} devices not post-quantum`,
  device: "Device",
  state: "State",
  letIn: "let in",
  keptOut: "not let in",
  handshake: "Last handshake",
  exported: "Exported",
  octets: "Octets",
  fromIt: (volume: string) => `${volume} from it`,
  toIt: (volume: string) => `${volume} to it`,
};

const it: typeof en = {
  title: "Dispositivi WireGuard semplici",
  notPostQuantum: "non post-quantum",
  meaning: (port) =>
    `Chi registra ciò che questi dispositivi inviano potrà un giorno leggerlo con un computer quantistico. Chiamano alla porta UDP ${port}.`,
  forbidden:
    "La politica dello Stato non permette a questa sede dispositivi semplici: nessuno di essi è ammesso. Restano nell'elenco e sono ammessi di nuovo quando la politica nomina la sede.",
  none: "La politica dello Stato permette a questa sede dispositivi semplici. Nessuno è stato esportato.",
  count: (count) =>
    count === 1 ? "1 dispositivo non post-quantum" : `${count} dispositivi non post-quantum`,
  device: "Dispositivo",
  state: "Stato",
  letIn: "ammesso",
  keptOut: "non ammesso",
  handshake: "Ultimo handshake",
  exported: "Esportato",
  octets: "Ottetti",
  fromIt: (volume) => `${volume} ricevuti`,
  toIt: (volume) => `${volume} inviati`,
};

export const deviceWords = { it, en };
