export const en = {
  title: "Sign in",
  lead: (domain: string) =>
    `To the state ${domain}. You need a passkey that was made at your enrolment.`,
  button: "Sign in with your passkey",
  how: "Your device asks for your fingerprint, your face or its code. No password exists, and nothing secret leaves the device.",
  unsupported:
    "This browser offers no passkeys here. Open the console in a current browser, at the state's own https address.",
  noPasskey: "You have no passkey, or lost it",
  noPasskeyFirst:
    "Somebody with the right role invites you: you get a link or a QR code, and open it on the device that you will use.",
  noPasskeyLost:
    "If your only device is gone, ask a security officer. Two of them together let you make a new passkey; what the old one could do ends at once.",
  already: "You are signed in",
  alreadyText: "You can go on, or sign out and let somebody else sign in.",
  goOn: "Go on",
  signOut: "Sign out",
  demonstration: "Demonstration",
  demonstrationText:
    "This state exists on this machine only, to try things out. Enter as one of its people: no passkey is asked for, everything after that is real.",
  enterAs: (name: string) => `Enter as ${name}`,
  glass: "Break-glass: an emergency code",
  glassWarning: "Only if nobody with a passkey can act and waiting does harm.",
  glassWhat: [
    "It opens one hour as a security officer, and uses the code up.",
    "It is written into the audit log with your name and reason, told to every site, and every page shows a red banner.",
    "It can revoke one holder, invite and help somebody who lost a passkey. It can sign nothing, so what takes two persons still takes two persons.",
  ],
  person: "Your name in the state",
  personHelp: "As in the directory: anna.rossi",
  personWrong: "Write your name as in the directory: small letters, digits, dots.",
  code: "Emergency code",
  codeHelp: "From the sealed sheet of the ceremony.",
  codeWrong: "Write the code from the sheet.",
  reason: "Reason",
  reasonHelp: "What happened, and what you must do now. Others will read it.",
  reasonWrong: "Write the reason: at least a short sentence.",
  breakGlass: "Break the glass",
};
export type SignInWords = typeof en;

export const it: SignInWords = {
  title: "Accedi",
  lead: (domain) => `Allo Stato ${domain}. Serve una passkey, creata alla tua registrazione.`,
  button: "Accedi con la passkey",
  how: "Il dispositivo chiede impronta, volto o codice. Non esistono password e nulla di segreto lascia il dispositivo.",
  unsupported:
    "Qui questo browser non offre passkey. Apri la console in un browser aggiornato, all'indirizzo https dello Stato.",
  noPasskey: "Non hai una passkey, o l'hai persa",
  noPasskeyFirst:
    "Ti invita chi ha il ruolo per farlo: ricevi un link o un codice QR e lo apri sul dispositivo che userai.",
  noPasskeyLost:
    "Se il tuo unico dispositivo è perso, rivolgiti a un responsabile della sicurezza. Due di loro insieme ti permettono una nuova passkey; ciò che la vecchia permetteva finisce subito.",
  already: "Hai già effettuato l'accesso",
  alreadyText: "Puoi proseguire, oppure uscire e lasciare il posto a qualcun altro.",
  goOn: "Prosegui",
  signOut: "Esci",
  demonstration: "Dimostrazione",
  demonstrationText:
    "Questo Stato esiste solo su questa macchina, per provare. Entra come una delle sue persone: non serve una passkey, tutto il resto è vero.",
  enterAs: (name) => `Entra come ${name}`,
  glass: "Emergenza: un codice sigillato",
  glassWarning: "Solo se nessuno con una passkey può agire e aspettare fa danno.",
  glassWhat: [
    "Apre un'ora come responsabile della sicurezza e consuma il codice.",
    "È scritto nel registro con il tuo nome e il motivo, comunicato a ogni sede, e ogni pagina mostra un avviso rosso.",
    "Può revocare un titolare, invitare e aiutare chi ha perso la passkey. Non può firmare nulla: ciò che richiede due persone ne richiede sempre due.",
  ],
  person: "Il tuo nome nello Stato",
  personHelp: "Come nella rubrica: anna.rossi",
  personWrong: "Scrivi il nome come nella rubrica: lettere minuscole, cifre, punti.",
  code: "Codice di emergenza",
  codeHelp: "Dal foglio sigillato della cerimonia.",
  codeWrong: "Scrivi il codice del foglio.",
  reason: "Motivo",
  reasonHelp: "Che cosa è successo e che cosa devi fare adesso. Altri lo leggeranno.",
  reasonWrong: "Scrivi il motivo: almeno una breve frase.",
  breakGlass: "Apri l'emergenza",
};
