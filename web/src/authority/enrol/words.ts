export const en = {
  title: "Enrol this device",
  lead: "You were invited to a state. Here your device makes its own key and your passkey; neither ever leaves it.",
  paste: "Invitation",
  pasteHelp: "Open the link or the QR code that you were given, or paste its whole text here.",
  pasteWrong: "This is no invitation, or not the whole of it. Copy it again from beginning to end.",
  read: "Open the invitation",
  forWhom: "Whom it is for",
  name: "Name",
  identity: "Device",
  community: "State",
  profile: "Cryptography",
  profiles: {
    "eu-hybrid": "European hybrid: post-quantum and classic together",
    cnsa: "CNSA 2.0: post-quantum alone",
  } as Record<string, string>,
  expires: "Good until",
  approval: "Approval",
  approvalYes: "An officer has to approve this device before it is let in.",
  approvalNo: "None needed: the certificate comes at once.",
  recoverTitle: "This brings you back in",
  recoverText:
    "Once it is done, every passkey that you had is removed and every session of yours ends. Your directory entry and your roles stay.",
  readableTitle: "In this browser the key can be read by the page",
  readable:
    "This browser has no ML-DSA of its own, so pages of this site hold the key while they sign. Whoever gets code of theirs into such a page has the key for good, not only while it is open. A current Chromium keeps keys that no page can read.",
  rootTitle: "Compare the state's fingerprint",
  rootText:
    "It tells this state from one that only pretends to be it. Compare it with the one on paper, or have it read to you by whoever invited you.",
  rootSame: "The fingerprint is the same, and this invitation is for me",
  create: "Make my key and passkey",
  createOnlyKey: "Make this device's key",
  createText:
    "Your device will ask for your fingerprint, your face or its code. That becomes your way to sign in.",
  createTextKey: "You have a passkey already. This device gets a key of its own to sign with.",
  making: "Making the key …",
  notPerson: "This invitation is for a machine",
  notPersonText:
    "It is for the edge of an office or a ship. Use it on that machine with its command line, not in a browser.",
  contradictionTitle: "This is not the state that invited you",
  contradictionText:
    "The server that answered contradicts the invitation. Nothing was sent to it. Do not go on; tell whoever invited you.",
  contradiction: {
    community: "Another state",
    identity: "Another person or device",
    root: "Another root fingerprint",
    profile: "Other cryptography",
  },
  expired: "This invitation has expired. Ask whoever invited you for a new one.",
  unsupportedTitle: "This browser cannot hold your key",
  unsupportedText:
    "A device key needs a page that was opened by https, and a browser that keeps what it is given. Here one of the two is missing. Nothing was used up: the invitation stays good.",
  unsupportedWhat: [
    "Update this browser and open the invitation again.",
    "Open the invitation in another browser of the newest version, not in a private window.",
    "On a computer, the command line of this project can hold the key instead.",
  ],
  copyInvitation: "Copy the invitation for another browser",
  waitingTitle: "Waiting for an officer",
  waitingText:
    "Your request has arrived. An officer compares it and approves it. You can close this page and open the same invitation again later in this browser.",
  waitingKey: "If the officer asks, this is your key's fingerprint:",
  waitingAsk: "This page asks every few seconds …",
  grantedTitle: "You are in",
  grantedText:
    "This device holds its key and its certificate. From now on you sign in with your passkey.",
  grantedElsewhere: "This invitation was used in another browser",
  grantedElsewhereText:
    "Nothing of it is kept in this one. If it was not you who used it, tell a security officer at once.",
  goOn: "Go to my access",
  refusedTitle: "The request was refused",
  refusedText: "Nothing of this device was let in. Ask whoever invited you.",
  thisAdd: "Add this browser as a device of yours",
  thisAdded: "This browser is a device of yours now: it can sign.",
  thisAwaitedElsewhere:
    "Open the same invitation here again to go on, or add this browser without one.",
};
export type EnrolWords = typeof en;

export const it: EnrolWords = {
  title: "Registra questo dispositivo",
  lead: "Sei stato invitato in uno Stato. Qui il dispositivo crea la sua chiave e la tua passkey; nessuna delle due lo lascia mai.",
  paste: "Invito",
  pasteHelp: "Apri il link o il codice QR che hai ricevuto, oppure incolla qui tutto il testo.",
  pasteWrong: "Non è un invito, o non è intero. Copialo di nuovo dall'inizio alla fine.",
  read: "Apri l'invito",
  forWhom: "Per chi è",
  name: "Nome",
  identity: "Dispositivo",
  community: "Stato",
  profile: "Crittografia",
  profiles: {
    "eu-hybrid": "Ibrida europea: post-quantistica e classica insieme",
    cnsa: "CNSA 2.0: solo post-quantistica",
  },
  expires: "Valido fino a",
  approval: "Approvazione",
  approvalYes: "Un responsabile deve approvare questo dispositivo prima che sia ammesso.",
  approvalNo: "Non serve: il certificato arriva subito.",
  recoverTitle: "Questo invito ti riporta dentro",
  recoverText:
    "Alla fine ogni passkey che avevi è rimossa e ogni tua sessione finisce. La tua voce nella rubrica e i tuoi ruoli restano.",
  readableTitle: "In questo browser la pagina può leggere la chiave",
  readable:
    "Questo browser non ha ML-DSA: le pagine di questo sito hanno la chiave in mano mentre firmano. Chi riesce a inserire codice in una di esse ha la chiave per sempre, non solo finché la pagina è aperta. Un Chromium aggiornato custodisce chiavi che nessuna pagina può leggere.",
  rootTitle: "Confronta l'impronta dello Stato",
  rootText:
    "Distingue questo Stato da uno che finge di esserlo. Confrontala con quella su carta, o fattela leggere da chi ti ha invitato.",
  rootSame: "L'impronta è la stessa e questo invito è per me",
  create: "Crea la mia chiave e la passkey",
  createOnlyKey: "Crea la chiave di questo dispositivo",
  createText: "Il dispositivo chiederà impronta, volto o codice. Diventa il tuo modo di accedere.",
  createTextKey: "Hai già una passkey. Questo dispositivo riceve una chiave propria per firmare.",
  making: "Creazione della chiave …",
  notPerson: "Questo invito è per una macchina",
  notPersonText:
    "È per il nodo di un ufficio o di una nave. Usalo su quella macchina con la riga di comando, non in un browser.",
  contradictionTitle: "Non è lo Stato che ti ha invitato",
  contradictionText:
    "Il server che ha risposto contraddice l'invito. Non gli è stato inviato nulla. Non proseguire; avvisa chi ti ha invitato.",
  contradiction: {
    community: "Un altro Stato",
    identity: "Un'altra persona o dispositivo",
    root: "Un'altra impronta della radice",
    profile: "Altra crittografia",
  },
  expired: "L'invito è scaduto. Chiedine uno nuovo a chi ti ha invitato.",
  unsupportedTitle: "Questo browser non può custodire la tua chiave",
  unsupportedText:
    "Una chiave di dispositivo richiede una pagina aperta con https e un browser che conservi ciò che riceve. Qui manca una delle due cose. Nulla è stato consumato: l'invito resta valido.",
  unsupportedWhat: [
    "Aggiorna questo browser e apri di nuovo l'invito.",
    "Apri l'invito in un altro browser dell'ultima versione, non in una finestra privata.",
    "Su un computer può custodire la chiave la riga di comando di questo progetto.",
  ],
  copyInvitation: "Copia l'invito per un altro browser",
  waitingTitle: "In attesa di un responsabile",
  waitingText:
    "La richiesta è arrivata. Un responsabile la confronta e la approva. Puoi chiudere la pagina e riaprire più tardi lo stesso invito in questo browser.",
  waitingKey: "Se il responsabile la chiede, questa è l'impronta della tua chiave:",
  waitingAsk: "La pagina chiede ogni pochi secondi …",
  grantedTitle: "Fatto, ci sei",
  grantedText:
    "Questo dispositivo custodisce la sua chiave e il suo certificato. D'ora in poi accedi con la passkey.",
  grantedElsewhere: "L'invito è stato usato in un altro browser",
  grantedElsewhereText:
    "In questo non è conservato nulla. Se non sei stato tu a usarlo, avvisa subito un responsabile della sicurezza.",
  goOn: "Vai al mio accesso",
  refusedTitle: "La richiesta è stata rifiutata",
  refusedText: "Nulla di questo dispositivo è stato ammesso. Rivolgiti a chi ti ha invitato.",
  thisAdd: "Aggiungi questo browser ai tuoi dispositivi",
  thisAdded: "Questo browser è ora un tuo dispositivo: può firmare.",
  thisAwaitedElsewhere:
    "Riapri qui lo stesso invito per proseguire, o aggiungi questo browser senza invito.",
};
