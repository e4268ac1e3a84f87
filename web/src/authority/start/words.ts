export const en = {
  title: "First steps",
  lead: "What stands, what comes next, and why. You can leave and come back at any time.",
  progress: (done: number, all: number) => `${done} of ${all} steps done`,
  done: "Done",
  next: "Next",
  later: "Later",
  here: "On the machine",
  unknown: "Not visible to your role",
  community: "State",
  profile: "Cryptography",
  root: "Fingerprint of the root",
  rootWhy: "Print it and keep it apart from this machine: every invitation is compared with it.",
  steps: {
    ceremony: {
      title: "The state is founded",
      why: "The ceremony has made the root of trust, the first policy and the authority that answers here.",
    },
    signIn: {
      title: "You are signed in",
      why: "With a passkey, so that nobody else can act in your name. Add a second one, on another device.",
    },
    officer: {
      title: "A second security officer",
      why: "What is dangerous takes two persons. Until a second officer is enrolled nothing of that kind can be done, not even changing the policy.",
    },
    site: {
      title: "The first site",
      why: "An edge at an office or a ship joins the state: it gets its certificate and from then on its people reach the authority through it.",
    },
    policy: {
      title: "Your own policy",
      why: "The first policy only lets you begin. Say who holds which role, who may call how urgently, and what needs approval: proposed by one, approved by another.",
    },
    backup: {
      title: "A backup that was tried",
      why: "Without a backup the loss of this machine is the loss of the state. Make one on the machine, carry it elsewhere, and restore it once on an empty machine to see that it is whole. It holds the directory of people: keep it like one.",
    },
  },
  actions: {
    signIn: "My access",
    officer: "Invite in the directory",
    site: "Invite a site",
    policy: "Read and propose",
  },
  officers: (n: number) =>
    n === 1 ? "1 security officer is enrolled." : `${n} security officers are enrolled.`,
  sites: (n: number) => (n === 1 ? "1 site has joined." : `${n} sites have joined.`),
  policyNumber: (n: number) => `Policy ${n} is in force.`,
  backupHow:
    "This page cannot see whether it was done. On the authority's machine: baluardo authority backup, and baluardo authority restore.",
  doneTitle: "The state can work",
  doneText:
    "Everything that this page can see is done. The navigation no longer shows it; the other pages do the rest.",
};
export type StartWords = typeof en;

export const it: StartWords = {
  title: "Primi passi",
  lead: "Che cosa c'è già, che cosa viene dopo e perché. Puoi uscire e tornare quando vuoi.",
  progress: (done, all) => `${done} passi su ${all} fatti`,
  done: "Fatto",
  next: "Adesso",
  later: "Dopo",
  here: "Sulla macchina",
  unknown: "Non visibile al tuo ruolo",
  community: "Stato",
  profile: "Crittografia",
  root: "Impronta della radice",
  rootWhy:
    "Stampala e conservala lontano da questa macchina: ogni invito viene confrontato con essa.",
  steps: {
    ceremony: {
      title: "Lo Stato è fondato",
      why: "La cerimonia ha creato la radice di fiducia, la prima policy e l'autorità che risponde qui.",
    },
    signIn: {
      title: "Hai effettuato l'accesso",
      why: "Con una passkey, così nessun altro può agire a tuo nome. Aggiungine una seconda, su un altro dispositivo.",
    },
    officer: {
      title: "Un secondo responsabile della sicurezza",
      why: "Ciò che è pericoloso richiede due persone. Finché non c'è un secondo responsabile non si può fare nulla di simile, nemmeno cambiare la policy.",
    },
    site: {
      title: "La prima sede",
      why: "Il nodo di un ufficio o di una nave entra nello Stato: riceve il certificato e da allora le sue persone raggiungono l'autorità attraverso di esso.",
    },
    policy: {
      title: "La vostra policy",
      why: "La prima policy permette solo di cominciare. Di' chi ha quale ruolo, chi può chiamare con quale urgenza e che cosa va approvato: uno propone, un altro approva.",
    },
    backup: {
      title: "Una copia di sicurezza provata",
      why: "Senza copia, perdere questa macchina è perdere lo Stato. Creala sulla macchina, portala altrove e ripristinala una volta su una macchina vuota per vedere che è intera. Contiene la rubrica delle persone: custodiscila come tale.",
    },
  },
  actions: {
    signIn: "Il mio accesso",
    officer: "Invita dalla rubrica",
    site: "Invita una sede",
    policy: "Leggi e proponi",
  },
  officers: (n) =>
    n === 1
      ? "È registrato 1 responsabile della sicurezza."
      : `Sono registrati ${n} responsabili della sicurezza.`,
  sites: (n) => (n === 1 ? "È entrata 1 sede." : `Sono entrate ${n} sedi.`),
  policyNumber: (n) => `È in vigore la policy ${n}.`,
  backupHow:
    "Questa pagina non può vedere se è stata fatta. Sulla macchina dell'autorità: baluardo authority backup e baluardo authority restore.",
  doneTitle: "Lo Stato può lavorare",
  doneText:
    "Tutto ciò che questa pagina può vedere è fatto. La navigazione non la mostra più; le altre pagine fanno il resto.",
};
