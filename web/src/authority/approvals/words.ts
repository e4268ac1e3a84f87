/** Texts of the approvals' page, in both languages. */

import { wordsOf } from "../kit/language";

export const en = {
  title: "Approvals",
  lead: "What waits for a second person. Nobody approves what they have proposed; every approval is signed with your own key.",
  leadRequests:
    "First contacts that wait until somebody lets them in. Nobody approves whom they have invited themselves.",
  tabs: { waiting: "Waiting", history: "History" },
  requests: "First contacts that ask for a certificate",
  requestsLead:
    "Compare the key's fingerprint with the one that the device shows, by voice or face to face, before you approve.",
  noRequests: "No request waits.",
  commands: "Commands that take two persons",
  commandsLead: "What is shown here is read from the signed octets themselves.",
  noCommands: "No command waits.",
  identity: "Identity",
  named: "Name",
  invitedBy: "Invited by",
  invitedByMe: "You invited them yourself: another officer has to approve.",
  ownRequest: "This request is your own: another officer has to approve.",
  asked: "Asked",
  keyFingerprint: "Fingerprint of the key (SHA-256)",
  approve: "Approve",
  refuse: "Refuse",
  approveRequestTitle: "Approve this request?",
  approveRequestTexts: (identity: string) => [
    `A certificate is issued for ${identity}, and for exactly the key below.`,
    "Whoever holds that key then acts in this name on every edge of the state.",
    "It can be revoked later, but what was done until then remains done.",
  ],
  compared: "I have compared the fingerprint with the one on the device.",
  approvedRequest: "The request was approved.",
  refuseRequestTitle: "Refuse this request?",
  refuseRequestTexts: (identity: string) => [
    `No certificate is issued for ${identity}.`,
    "The invitation is used up. Whoever still needs one has to be invited anew.",
  ],
  refusedRequest: "The request was refused.",
  reason: "Reason",
  reasonHelp: "Others read it, and it stays for good.",
  reasonNeeded: "Say why.",
  typeFirst: "It goes to the population: write the word that is asked for first.",

  proposedBy: "Proposed and signed by",
  created: "Proposed",
  expires: "Ends",
  answersSoFar: (given: number, needed: number) =>
    `${given} of ${needed} ${needed === 1 ? "approval" : "approvals"}`,
  answersTitle: "Answers",
  noAnswers: "Nobody has answered yet.",
  answered: { approve: "approves", refuse: "refuses" } as Record<string, string>,
  mine: "You proposed this: somebody else has to answer.",
  alreadyAnswered: "You have answered, or your role does not answer this.",
  over: "This has ended. It has to be proposed anew.",
  states: {
    waiting: "waiting",
    executed: "carried out",
    refused: "refused",
    expired: "ended unanswered",
  },
  outcome: "Outcome",
  noHistory: "Nothing was proposed yet.",
  checking: "Checking the signature …",

  unreadableTitle: "ALARM: this proposal is not what it claims to be",
  unreadable:
    "Its signature cannot be verified here, so nobody knows what was signed. Do not approve it. Tell the other security officers by another way than this console.",
  differsTitle: "ALARM: the authority says otherwise than was signed",
  differs:
    "Below stands what the proposer signed. The authority told this page something else beside it. Do not approve this. Tell the other security officers by another way than this console.",
  fields: {
    id: "number of the proposal",
    kind: "kind of command",
    body: "content",
    proposer: "proposer",
    created: "time of the proposal",
    expires: "end",
  },
  signedSays: "Signed",
  serverSays: "The authority said",
  unknownTitle: "This page does not understand all of this command",
  unknown:
    "Nobody should sign what they cannot read. Load the page again; if that does not help, read it with the command line.",

  kinds: {
    "policy.set": "A new policy",
    "certificates.revoke": "Revocation of several holders",
    "passkey.recover": "Recovery of a passkey",
    "issuer.adopt": "A new issuer",
    "warning.release": "A warning",
    "warning.preauthorise": "A warning that sensors may release",
  } as Record<string, string>,
  policyNumber: (number: number) => `Policy ${number} takes the place of the one in force.`,
  policyStale: (number: number, inForce: number) =>
    `This is policy ${number}, and policy ${inForce} is in force: it no longer fits, and no edge takes it.`,
  policyChanges: "What changes",
  policyNoBefore: "The policy before it cannot be read; what changes cannot be shown.",
  revokes: (count: number) =>
    `Every certificate in force of these ${count} holders is revoked for good. Their channels end within seconds on every connected edge; who is away learns it on reconnecting.`,
  because: (reason: string) => `Reason: ${reason}.`,
  recovers: (person: string) =>
    `${person} may make a new passkey without showing an old one. Whoever holds the link that results can sign in as ${person}.`,
  adopts: (name: string) =>
    `The authority signs new certificates with issuer ${name} from now on. Certificates of the issuer before stay valid until they end.`,
  releases: {
    public: "With the last approval this goes out to the population at once.",
    exercise: "With the last approval this goes out as an exercise at once.",
    test: "With the last approval this goes out as a technical test at once.",
  },
  preauthorises: (needed: number, sensors: number, until: string) =>
    `Until ${until} this goes out, once and without anybody's hand, as soon as ${needed} of these ${sensors} sensors agree within two minutes.`,
  preauthorisedTimes:
    "Identifier and times of the alert are made anew when it is set off; its words and its area are those below.",

  approveTitle: "Approve and sign?",
  approveTexts: [
    "You sign exactly these octets with the key of this browser. Your name stays with it for good.",
    "With the last approval needed it is carried out at once; that cannot be called back.",
  ],
  refuseTitle: "Refuse and sign?",
  refuseTexts: [
    "Your refusal is signed with the key of this browser, and your name stays with it.",
    "It takes back nothing that others have approved, but your own approval no longer counts.",
  ],
  understood: "I have read what will be done.",
  approved: "Your approval was signed and sent.",
  refused: "Your refusal was signed and sent.",
  signedOctets: "The signed octets",
  digest: "Fingerprint of the proposal (SHA-384)",
  signedMeaning:
    "The signature is genuine under the certificate that came along, which names the proposer. Whether that certificate is this state's and in force, the authority and every edge judge again before anything is done.",

  keyTitle: "This browser cannot sign",
  keyNone:
    "There is no device key of yours here. Approvals and proposals are signed with a key that never leaves the browser it was made in.",
  keyWaiting:
    "A key was made here and waits for its certificate. As soon as it is granted you can sign.",
  keyExpired: "The certificate of your key here has ended. Renew it, or add this browser anew.",
  keyRenew: "To my devices",
};
type Words = typeof en;

export const it: Words = {
  title: "Approvazioni",
  lead: "Ciò che attende una seconda persona. Nessuno approva ciò che ha proposto; ogni approvazione è firmata con la propria chiave.",
  leadRequests: "Primi contatti che attendono di essere ammessi. Nessuno approva chi ha invitato.",
  tabs: { waiting: "In attesa", history: "Storia" },
  requests: "Primi contatti che chiedono un certificato",
  requestsLead:
    "Prima di approvare confronta l'impronta della chiave con quella mostrata dal dispositivo, a voce o di persona.",
  noRequests: "Nessuna richiesta in attesa.",
  commands: "Comandi che richiedono due persone",
  commandsLead: "Ciò che vedi qui è letto dagli ottetti firmati stessi.",
  noCommands: "Nessun comando in attesa.",
  identity: "Identità",
  named: "Nome",
  invitedBy: "Su invito di",
  invitedByMe: "L'invito è tuo: deve approvare un altro responsabile.",
  ownRequest: "Questa richiesta è tua: deve approvare un altro responsabile.",
  asked: "Chiesto",
  keyFingerprint: "Impronta della chiave (SHA-256)",
  approve: "Approva",
  refuse: "Rifiuta",
  approveRequestTitle: "Approvare questa richiesta?",
  approveRequestTexts: (identity) => [
    `Viene emesso un certificato per ${identity}, e per esattamente la chiave qui sotto.`,
    "Chi ha quella chiave agisce poi con questo nome in ogni sede dello Stato.",
    "Si può revocare in seguito, ma ciò che è stato fatto fino ad allora resta fatto.",
  ],
  compared: "Ho confrontato l'impronta con quella sul dispositivo.",
  approvedRequest: "La richiesta è stata approvata.",
  refuseRequestTitle: "Rifiutare questa richiesta?",
  refuseRequestTexts: (identity) => [
    `Nessun certificato viene emesso per ${identity}.`,
    "L'invito è consumato. Chi ne ha ancora bisogno va invitato di nuovo.",
  ],
  refusedRequest: "La richiesta è stata rifiutata.",
  reason: "Motivo",
  reasonHelp: "Gli altri lo leggono, e resta per sempre.",
  reasonNeeded: "Scrivi perché.",
  typeFirst: "Va alla popolazione: prima scrivi la parola richiesta.",

  proposedBy: "Proposto e firmato da",
  created: "Proposto",
  expires: "Scade",
  answersSoFar: (given, needed) =>
    `${given} di ${needed} ${needed === 1 ? "approvazione" : "approvazioni"}`,
  answersTitle: "Risposte",
  noAnswers: "Nessuno ha ancora risposto.",
  answered: { approve: "approva", refuse: "rifiuta" },
  mine: "L'hai proposto tu: deve rispondere qualcun altro.",
  alreadyAnswered: "Hai già risposto, o il tuo ruolo non risponde a questo.",
  over: "È scaduto. Va proposto di nuovo.",
  states: {
    waiting: "in attesa",
    executed: "eseguito",
    refused: "rifiutato",
    expired: "scaduto senza risposta",
  },
  outcome: "Esito",
  noHistory: "Non è stato ancora proposto nulla.",
  checking: "Verifica della firma …",

  unreadableTitle: "ALLARME: questa proposta non è ciò che dice di essere",
  unreadable:
    "Qui la sua firma non si può verificare, quindi nessuno sa che cosa è stato firmato. Non approvarla. Avvisa gli altri responsabili della sicurezza per una via diversa da questa console.",
  differsTitle: "ALLARME: l'autorità dice altro da ciò che è stato firmato",
  differs:
    "Qui sotto sta ciò che chi propone ha firmato. Accanto, l'autorità ha detto a questa pagina qualcos'altro. Non approvare. Avvisa gli altri responsabili della sicurezza per una via diversa da questa console.",
  fields: {
    id: "numero della proposta",
    kind: "tipo di comando",
    body: "contenuto",
    proposer: "proponente",
    created: "ora della proposta",
    expires: "scadenza",
  },
  signedSays: "Firmato",
  serverSays: "L'autorità ha detto",
  unknownTitle: "Questa pagina non capisce tutto di questo comando",
  unknown:
    "Nessuno dovrebbe firmare ciò che non può leggere. Ricarica la pagina; se non basta, leggilo dalla riga di comando.",

  kinds: {
    "policy.set": "Una nuova policy",
    "certificates.revoke": "Revoca di più titolari",
    "passkey.recover": "Recupero di una passkey",
    "issuer.adopt": "Un nuovo emittente",
    "warning.release": "Un avviso",
    "warning.preauthorise": "Un avviso che i sensori possono diffondere",
  },
  policyNumber: (number) => `La policy ${number} prende il posto di quella in vigore.`,
  policyStale: (number, inForce) =>
    `Questa è la policy ${number}, ed è in vigore la policy ${inForce}: non è più adatta, e nessuna sede la accetta.`,
  policyChanges: "Che cosa cambia",
  policyNoBefore:
    "La policy precedente non si può leggere; non è possibile mostrare che cosa cambia.",
  revokes: (count) =>
    `Ogni certificato in vigore di questi ${count} titolari è revocato per sempre. I loro canali finiscono entro pochi secondi in ogni sede collegata; chi è lontano lo apprende quando si ricollega.`,
  because: (reason) => `Motivo: ${reason}.`,
  recovers: (person) =>
    `${person} può creare una nuova passkey senza mostrarne una vecchia. Chi ha il link che ne risulta può accedere come ${person}.`,
  adopts: (name) =>
    `Da ora l'autorità firma i nuovi certificati con l'emittente ${name}. I certificati dell'emittente precedente restano validi fino alla loro scadenza.`,
  releases: {
    public: "Con l'ultima approvazione parte subito verso la popolazione.",
    exercise: "Con l'ultima approvazione parte subito come esercitazione.",
    test: "Con l'ultima approvazione parte subito come prova tecnica.",
  },
  preauthorises: (needed, sensors, until) =>
    `Fino al ${until} questo parte, una volta e senza la mano di nessuno, appena ${needed} di questi ${sensors} sensori concordano entro due minuti.`,
  preauthorisedTimes:
    "Identificativo e orari dell'avviso sono fatti di nuovo quando scatta; testi e area sono questi.",

  approveTitle: "Approvare e firmare?",
  approveTexts: [
    "Firmi esattamente questi ottetti con la chiave di questo browser. Il tuo nome vi resta legato per sempre.",
    "Con l'ultima approvazione necessaria il comando è eseguito subito; non si può richiamare.",
  ],
  refuseTitle: "Rifiutare e firmare?",
  refuseTexts: [
    "Il tuo rifiuto è firmato con la chiave di questo browser, e il tuo nome vi resta legato.",
    "Non toglie nulla a ciò che altri hanno approvato, ma la tua approvazione non conta più.",
  ],
  understood: "Ho letto che cosa sarà fatto.",
  approved: "La tua approvazione è stata firmata e inviata.",
  refused: "Il tuo rifiuto è stato firmato e inviato.",
  signedOctets: "Gli ottetti firmati",
  digest: "Impronta della proposta (SHA-384)",
  signedMeaning:
    "La firma è autentica secondo il certificato che l'accompagna, che nomina chi propone. Se quel certificato è di questo Stato e in vigore lo giudicano di nuovo l'autorità e ogni sede prima di fare qualsiasi cosa.",

  keyTitle: "Questo browser non può firmare",
  keyNone:
    "Qui non c'è una chiave di un tuo dispositivo. Approvazioni e proposte si firmano con una chiave che non lascia mai il browser in cui è nata.",
  keyWaiting:
    "Qui è nata una chiave che attende il suo certificato. Appena sarà concesso potrai firmare.",
  keyExpired:
    "Il certificato della tua chiave qui è scaduto. Rinnovalo, o aggiungi di nuovo questo browser.",
  keyRenew: "Ai miei dispositivi",
};

/** The texts in the reader's language. */
export const t = wordsOf({ it, en });
