/** Texts of the policy's page, in both languages. */

import { wordsOf } from "../kit/language";

export const en = {
  title: "Policy",
  lead: "Who may do what in this state, and what needs whose consent. It changes only by a signed proposal that others approve with their own keys; every edge checks that for itself.",
  number: (number: number) => `Policy ${number}`,
  since: "In force since",
  proposedBy: "Proposed by",
  approvedBy: "Approved by",
  ceremony: "the founding ceremony",
  digest: "Fingerprint of the policy (SHA-384)",
  tabs: { now: "In force", draft: "Draft", history: "History" },
  propose: "Make a draft",
  people: "People",
  peopleLead: "Whoever is not named here is a member and no more.",
  nobody: "Nobody is named. Everybody enrolled is a member.",
  findPerson: "Find a person in the policy",
  noneFound: "Nobody here has a name like this.",
  person: "Person",
  roles: "Roles",
  ceiling: "Highest precedence",
  territory: "Territory",
  everywhere: "everywhere",
  commands: "Commands that take two persons",
  command: "Command",
  proposers: "Who proposes",
  approvers: "Who approves",
  approvalsNeeded: "Approvals needed",
  besideProposer: "beside the proposer",
  commandNames: {
    "policy.set": "Change the policy",
    "certificates.revoke": "Revoke several holders at once",
    "passkey.recover": "Recover a person's passkey",
    "issuer.adopt": "Take an issuer into use",
  } as Record<string, string>,
  enrolment: "First contact",
  enrolmentLead: "Whether an officer must approve before a certificate is issued.",
  officerApproves: "An officer must approve",
  invitationSuffices: "The invitation suffices",
  kind: "Kind",
  visibility: "Who sees which numbers",
  everybody: "everybody",
  seenBy: "Seen by",
  allSeeAll: "Everybody sees every number.",
  othersSeen: "Numbers of other kinds are seen by everybody.",

  tunnels: "Tunnels between sites",
  tunnelsLead:
    "Sites are named by kind and name, as in office/rome. Where nothing is said, every two sites have a tunnel and traffic may land anywhere.",
  networkFields: {
    topology: "Which sites have a tunnel",
    hubs: "Hubs",
    landing: "Where traffic may land",
    plain_export: "Plain WireGuard may be exported by",
    two_layers: "Second layer of encryption (ESP) inside",
    full_round_hours: "Full key exchange at least every",
    networks: "Further networks of sites",
  },
  topologies: { mesh: "every two sites", hub: "each site with the hubs" },
  noSite: "none",
  landingAnywhere: "anywhere",
  yes: "yes",
  no: "no",
  hours: (count: number) => (count === 1 ? "1 hour" : `${count} hours`),
  editTunnels: "Edit tunnels between sites",
  hubsHint: "Paths of sites, separated by commas. Needed where sites talk to hubs alone.",
  landingHint:
    "One site a line: office/rome: Marsala, Foggia, -FR. Gateways by name; a country after a minus is forbidden.",
  networksHint: "One site a line: office/rome: 10.20.0.0/16. No address belongs to two sites.",
  plainHint: "Such a configuration is not post-quantum. Leave it empty for nobody.",
  hoursHint: "1 to 168.",
  wrongSites: (sites: string) => `These are no sites: ${sites}.`,
  wrongLine: (line: string) => `This is not understood: ${line}.`,
  wrongHubs: "The hubs are missing.",
  wrongHours: "A whole number from 1 to 168.",

  draftTitle: (number: number) => `Draft of policy ${number}`,
  draftLead: "Nothing here takes effect until it is proposed, signed and approved.",
  draftStays: "The draft lasts as long as this page stays open.",
  addPerson: "Add a person",
  editPerson: (name: string) => `Edit ${name}`,
  removePerson: (name: string) => `Remove ${name} from the policy`,
  edit: "Edit",
  remove: "Remove",
  restore: "Restore",
  removed: "removed in this draft",
  changed: "changed",
  added: "new",
  personName: "Name in the network",
  personNameHint: "As in anna.rossi.",
  wrongName:
    "1 to 63 small letters, digits, dots, dashes and underscores; the first a letter or a digit.",
  knownName: "This person is in the draft already.",
  territoryHint:
    "Countries and regions as ISO 3166 codes: IT, IT-RM, FR. Leave it empty for everywhere.",
  wrongPlaces: (places: string) => `These are no ISO 3166 codes: ${places}.`,
  keep: "Keep in the draft",
  cancel: "Cancel",
  seenByHint: "Choose nobody, and everybody sees them.",
  editVisibility: (kind: string) => `Who sees numbers of the kind ${kind}`,
  addKind: "Add a kind of number",
  kindName: "Kind of number",
  platformsSeen: "Who sees which platforms",
  platformsSeenLead: "Where ships and aircraft of the fleet are, and what is planned for them.",
  allPlatforms: "all others",
  asOthers: "as all others",
  addPlatform: "Add a platform",
  editPlatform: (name: string) => `Who sees the platform: ${name}`,
  platformName: "Name, such as patrol-aircraft",
  platformHint:
    "Choose nobody, and the rule of all others holds; without one, the fleet’s officers.",
  discard: "Discard the draft",
  discardTitle: "Discard the draft?",
  discardText: "Every change in the draft is lost. The policy in force stays as it is.",
  difference: "What would change",
  noDifference: "Nothing yet: the draft is equal to the policy in force.",
  signs: { added: "Added", removed: "Removed", changed: "Changed" },

  proposeAction: "Propose",
  proposeTitle: "Propose this policy?",
  proposeTexts: (number: number, approvals: number) => [
    `You sign policy ${number} with the key of this browser. Your name stays with it for good.`,
    approvals === 1
      ? "Another officer has to approve it within 7 days; you cannot approve it yourself."
      : `${approvals} other officers have to approve it within 7 days; you cannot approve it yourself.`,
    "Until then nothing changes. Once it is approved it goes to every edge, and each checks the signatures for itself.",
  ],
  proposed: "The policy was proposed. It waits for others under Approvals.",
  problemsTitle: "This draft cannot be proposed yet",
  problems: {
    unchanged: "It changes nothing.",
    officers: (officers: number, needed: number) =>
      `It leaves ${officers === 0 ? "no security officer" : officers === 1 ? "1 security officer" : `${officers} security officers`}; ${needed} are needed to propose and approve another policy. Nobody could mend it.`,
    count: (command: string) => `${command}: 1 to 16 approvals.`,
    name: (name: string) => `${name} cannot be the name of a person.`,
    place: (name: string, place: string) => `${place} (territory of ${name}) is no ISO 3166 code.`,
    overtaken: (number: number) =>
      `Policy ${number} has come into force meanwhile. Discard the draft and begin anew on it.`,
  },
  cautionsTitle: "Did you mean this?",
  cautions: {
    self: (roles: string) => `You take from yourself: ${roles}.`,
    alone: (count: number) =>
      `Exactly ${count} security officers remain. If one of them loses their keys, nobody can change the policy any more.`,
    dead: (command: string, able: number, needed: number) =>
      `${command}: nobody could do this any more (${able} of the ${needed} who must approve).`,
  },
  noOfficer: "Only security officers propose a policy.",

  historyTitle: "Every policy there was",
  toBefore: (number: number) => `Difference to policy ${number}`,
  first: "The first policy, made at the founding ceremony.",
  notUnderstood:
    "This policy says something that this page does not know. It is not shown in part: load the page again, or read it with the command line.",

  change: {
    person: (name: string) => name,
    gets: (roles: string) => `gets ${roles}`,
    loses: (roles: string) => `loses ${roles}`,
    noLonger: "is no longer named: a member and no more",
    isNew: "is named for the first time",
    upTo: (precedence: string) => `may go up to ${precedence}`,
    precedence: (before: string, after: string) =>
      `highest precedence: ${after} (before: ${before})`,
    territory: (before: string, after: string) => `territory: ${after} (before: ${before})`,
    where: (places: string) => `in ${places}`,
    approval: (kind: string, needed: boolean) =>
      needed
        ? `First contact of the kind ${kind}: an officer must approve`
        : `First contact of the kind ${kind}: the invitation suffices, no officer looks at it`,
    approvers: (command: string, after: number, before: number) =>
      `${command}: ${after === 1 ? "1 approval" : `${after} approvals`} beside the proposer (before: ${before})`,
    visibility: (kind: string, after: string, before: string) =>
      `Numbers of the kind ${kind} are seen by ${after} (before: ${before})`,
    platforms: (name: string, after: string, before: string) =>
      `The platform ${name} is seen by ${after} (before: ${before})`,
    network: (field: string, after: string, before: string) =>
      `${field}: ${after} (before: ${before})`,
    community: (before: string, after: string) =>
      `THE COMMUNITY CHANGES from ${before} to ${after}: no edge takes this`,
  },
};
type Words = typeof en;

export const it: Words = {
  title: "Policy",
  lead: "Chi può fare che cosa in questo Stato, e che cosa richiede il consenso di chi. Cambia solo con una proposta firmata che altri approvano con le proprie chiavi; ogni sede lo verifica da sé.",
  number: (number) => `Policy ${number}`,
  since: "In vigore dal",
  proposedBy: "Proposta da",
  approvedBy: "Approvata da",
  ceremony: "la cerimonia di fondazione",
  digest: "Impronta della policy (SHA-384)",
  tabs: { now: "In vigore", draft: "Bozza", history: "Storia" },
  propose: "Prepara una bozza",
  people: "Persone",
  peopleLead: "Chi non è nominato qui è un membro e nulla di più.",
  nobody: "Nessuno è nominato. Tutti gli iscritti sono membri.",
  findPerson: "Cerca una persona nella policy",
  noneFound: "Qui nessuno ha un nome simile.",
  person: "Persona",
  roles: "Ruoli",
  ceiling: "Precedenza massima",
  territory: "Territorio",
  everywhere: "ovunque",
  commands: "Comandi che richiedono due persone",
  command: "Comando",
  proposers: "Chi propone",
  approvers: "Chi approva",
  approvalsNeeded: "Approvazioni necessarie",
  besideProposer: "oltre a chi propone",
  commandNames: {
    "policy.set": "Cambiare la policy",
    "certificates.revoke": "Revocare più titolari insieme",
    "passkey.recover": "Recuperare la passkey di una persona",
    "issuer.adopt": "Mettere in uso un emittente",
  },
  enrolment: "Primo contatto",
  enrolmentLead: "Se un responsabile deve approvare prima che un certificato sia emesso.",
  officerApproves: "Un responsabile deve approvare",
  invitationSuffices: "Basta l'invito",
  kind: "Tipo",
  visibility: "Chi vede quali numeri",
  everybody: "tutti",
  seenBy: "Visibili a",
  allSeeAll: "Tutti vedono tutti i numeri.",
  othersSeen: "I numeri di altri tipi sono visibili a tutti.",

  tunnels: "Tunnel tra le sedi",
  tunnelsLead:
    "Le sedi si indicano con tipo e nome, come office/rome. Dove nulla è detto, ogni coppia di sedi ha un tunnel e il traffico può scendere a terra ovunque.",
  networkFields: {
    topology: "Quali sedi hanno un tunnel",
    hubs: "Centri",
    landing: "Dove il traffico può scendere a terra",
    plain_export: "WireGuard semplice esportabile da",
    two_layers: "Secondo strato di cifratura (ESP) all'interno",
    full_round_hours: "Scambio completo delle chiavi almeno ogni",
    networks: "Altre reti delle sedi",
  },
  topologies: { mesh: "ogni coppia di sedi", hub: "ogni sede con i centri" },
  noSite: "nessuna",
  landingAnywhere: "ovunque",
  yes: "sì",
  no: "no",
  hours: (count) => (count === 1 ? "1 ora" : `${count} ore`),
  editTunnels: "Modifica i tunnel tra le sedi",
  hubsHint: "Sedi separate da virgole. Servono dove le sedi parlano solo con i centri.",
  landingHint:
    "Una sede per riga: office/rome: Marsala, Foggia, -FR. Stazioni per nome; un paese dopo il segno meno è vietato.",
  networksHint: "Una sede per riga: office/rome: 10.20.0.0/16. Nessun indirizzo è di due sedi.",
  plainHint: "Una tale configurazione non è post-quantum. Lascia vuoto per nessuna sede.",
  hoursHint: "Da 1 a 168.",
  wrongSites: (sites) => `Queste non sono sedi: ${sites}.`,
  wrongLine: (line) => `Questo non si capisce: ${line}.`,
  wrongHubs: "Mancano i centri.",
  wrongHours: "Un numero intero da 1 a 168.",

  draftTitle: (number) => `Bozza della policy ${number}`,
  draftLead: "Nulla di ciò che vedi qui ha effetto finché non è proposto, firmato e approvato.",
  draftStays: "La bozza dura finché questa pagina resta aperta.",
  addPerson: "Aggiungi una persona",
  editPerson: (name) => `Modifica ${name}`,
  removePerson: (name) => `Togli ${name} dalla policy`,
  edit: "Modifica",
  remove: "Togli",
  restore: "Ripristina",
  removed: "tolta in questa bozza",
  changed: "modificata",
  added: "nuova",
  personName: "Nome nella rete",
  personNameHint: "Come anna.rossi.",
  wrongName:
    "Da 1 a 63 lettere minuscole, cifre, punti, trattini e sottolineature; la prima una lettera o una cifra.",
  knownName: "Questa persona è già nella bozza.",
  territoryHint:
    "Paesi e regioni come codici ISO 3166: IT, IT-RM, FR. Lascia vuoto per dire ovunque.",
  wrongPlaces: (places) => `Questi non sono codici ISO 3166: ${places}.`,
  keep: "Tieni nella bozza",
  cancel: "Annulla",
  seenByHint: "Se non scegli nessun ruolo, li vedono tutti.",
  editVisibility: (kind) => `Chi vede i numeri di tipo ${kind}`,
  addKind: "Aggiungi un tipo di numero",
  kindName: "Tipo di numero",
  platformsSeen: "Chi vede quali piattaforme",
  platformsSeenLead: "Dove sono navi e velivoli della flotta e che cosa è pianificato per loro.",
  allPlatforms: "tutte le altre",
  asOthers: "come tutte le altre",
  addPlatform: "Aggiungi una piattaforma",
  editPlatform: (name) => `Chi vede la piattaforma: ${name}`,
  platformName: "Nome, per esempio patrol-aircraft",
  platformHint:
    "Se non scegli nessun ruolo vale la regola delle altre; se manca, i responsabili della flotta.",
  discard: "Scarta la bozza",
  discardTitle: "Scartare la bozza?",
  discardText: "Tutte le modifiche della bozza vanno perse. La policy in vigore resta com'è.",
  difference: "Che cosa cambierebbe",
  noDifference: "Ancora nulla: la bozza è uguale alla policy in vigore.",
  signs: { added: "Aggiunto", removed: "Tolto", changed: "Modificato" },

  proposeAction: "Proponi",
  proposeTitle: "Proporre questa policy?",
  proposeTexts: (number, approvals) => [
    `Firmi la policy ${number} con la chiave di questo browser. Il tuo nome vi resta legato per sempre.`,
    approvals === 1
      ? "Un altro responsabile deve approvarla entro 7 giorni; non puoi approvarla tu."
      : `Altri ${approvals} responsabili devono approvarla entro 7 giorni; non puoi approvarla tu.`,
    "Fino ad allora nulla cambia. Una volta approvata va a tutte le sedi, e ciascuna verifica le firme da sé.",
  ],
  proposed: "La policy è stata proposta. Attende gli altri in Approvazioni.",
  problemsTitle: "Questa bozza non si può ancora proporre",
  problems: {
    unchanged: "Non cambia nulla.",
    officers: (officers, needed) =>
      `Lascia ${officers === 0 ? "nessun responsabile" : officers === 1 ? "1 responsabile" : `${officers} responsabili`} della sicurezza; ne servono ${needed} per proporre e approvare un'altra policy. Nessuno potrebbe più rimediare.`,
    count: (command) => `${command}: da 1 a 16 approvazioni.`,
    name: (name) => `${name} non può essere il nome di una persona.`,
    place: (name, place) => `${place} (territorio di ${name}) non è un codice ISO 3166.`,
    overtaken: (number) =>
      `Nel frattempo è entrata in vigore la policy ${number}. Scarta la bozza e ricomincia da quella.`,
  },
  cautionsTitle: "È quello che intendevi?",
  cautions: {
    self: (roles) => `Togli a te stesso: ${roles}.`,
    alone: (count) =>
      `Restano esattamente ${count} responsabili della sicurezza. Se uno perde le chiavi, nessuno può più cambiare la policy.`,
    dead: (command, able, needed) =>
      `${command}: nessuno potrebbe più farlo (${able} dei ${needed} che devono approvare).`,
  },
  noOfficer: "Solo i responsabili della sicurezza propongono una policy.",

  historyTitle: "Tutte le policy che ci sono state",
  toBefore: (number) => `Differenza dalla policy ${number}`,
  first: "La prima policy, fatta alla cerimonia di fondazione.",
  notUnderstood:
    "Questa policy dice qualcosa che questa pagina non conosce. Non viene mostrata in parte: ricarica la pagina, o leggila dalla riga di comando.",

  change: {
    person: (name) => name,
    gets: (roles) => `riceve ${roles}`,
    loses: (roles) => `perde ${roles}`,
    noLonger: "non è più nominata: membro e nulla di più",
    isNew: "è nominata per la prima volta",
    upTo: (precedence) => `può arrivare a ${precedence}`,
    precedence: (before, after) => `precedenza massima: ${after} (prima: ${before})`,
    territory: (before, after) => `territorio: ${after} (prima: ${before})`,
    where: (places) => `in ${places}`,
    approval: (kind, needed) =>
      needed
        ? `Primo contatto di tipo ${kind}: un responsabile deve approvare`
        : `Primo contatto di tipo ${kind}: basta l'invito, nessun responsabile lo guarda`,
    approvers: (command, after, before) =>
      `${command}: ${after === 1 ? "1 approvazione" : `${after} approvazioni`} oltre a chi propone (prima: ${before})`,
    visibility: (kind, after, before) =>
      `I numeri di tipo ${kind} sono visibili a ${after} (prima: ${before})`,
    platforms: (name, after, before) =>
      `La piattaforma ${name} è visibile a ${after} (prima: ${before})`,
    network: (field, after, before) => `${field}: ${after} (prima: ${before})`,
    community: (before, after) =>
      `LA COMUNITÀ CAMBIA da ${before} a ${after}: nessuna sede lo accetta`,
  },
};

/** The texts in the reader's language. */
export const t = wordsOf({ it, en });
