import { useEffect } from "preact/hooks";
import { askSignIn, type Me, signIn } from "../api";
import {
  ActionButton,
  AuthorityPage,
  authority,
  Elsewhere,
  hasPasskeys,
  isElsewhere,
  LinkButton,
  mayUse,
  PersonName,
  Problem,
  Roles,
  Section,
  signedInAs,
  signOut,
  useAct,
  usePasskey,
  wordsOf,
} from "../kit";
import { BreakGlass } from "./BreakGlass";
import { DemonstrationPanel } from "./DemonstrationPanel";
import { nextPlace } from "./next";
import * as texts from "./words";

export const words = wordsOf(texts);

/** Where this person goes now: back to what they asked for, else to where their work begins. */
function placeOf(person: Me): string {
  const asked = nextPlace(location.search, location.origin);
  if (asked) return asked;
  if (authority.value?.first_run && mayUse("/start", person)) return "/start";
  return "/directory";
}

/** The session stands: go on. */
export function enter(person: Me): void {
  signedInAs(person);
  location.assign(placeOf(person));
}

export function SignInPage() {
  const t = words.value;
  const state = authority.value;
  return (
    <AuthorityPage
      path="/sign-in"
      title={t.title}
      lead={state && !isElsewhere() ? t.lead(state.domain) : undefined}
      open
      narrow
    >
      {isElsewhere() ? <Elsewhere path={`/sign-in${location.search}`} /> : <WaysIn />}
    </AuthorityPage>
  );
}

function WaysIn() {
  const t = words.value;
  const state = authority.value;
  return (
    <>
      {state?.me ? <Already person={state.me} /> : null}
      {state?.demonstration && state.people.length > 0 ? (
        <DemonstrationPanel people={state.people} />
      ) : null}
      <PasskeySection />
      <details class="card disclosure">
        <summary>{t.noPasskey}</summary>
        <div class="disclosure-body">
          <p>{t.noPasskeyFirst}</p>
          <p>{t.noPasskeyLost}</p>
        </div>
      </details>
      <BreakGlass />
    </>
  );
}

function PasskeySection() {
  const t = words.value;
  const { busy, error, act } = useAct();
  const able = hasPasskeys();
  const start = () =>
    act(async () => {
      const { id, options } = await askSignIn();
      enter(await signIn(id, await usePasskey(options)));
    });
  useEffect(() => {
    // In a demonstration people stand above it, to be chosen from.
    if (!authority.value?.demonstration) document.getElementById("sign-in")?.focus();
  }, []);
  return (
    <section class="card section sign-in">
      <ActionButton
        id="sign-in"
        tone="primary"
        busy={busy}
        disabled={!able}
        describedBy="sign-in-how"
        onPress={async () => void (await start())}
      >
        <PasskeySign />
        {t.button}
      </ActionButton>
      <p class="soft" id="sign-in-how">
        {able ? t.how : t.unsupported}
      </p>
      {error ? <Problem error={error} /> : null}
    </section>
  );
}

function PasskeySign() {
  return (
    <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
      <path d="M13 7.5a4 4 0 1 1-8 0 4 4 0 0 1 8 0ZM2.5 20c0-3.6 2.9-6 6.5-6 1.3 0 2.5.3 3.5.9M21 13.5a3 3 0 1 0-4 2.83V21l1.5-1.5L20 18l-1-1 1-1a3 3 0 0 0 1-2.5Z" />
    </svg>
  );
}

function Already(props: { person: Me }) {
  const t = words.value;
  const { person } = props;
  return (
    <Section title={t.already} lead={t.alreadyText}>
      <p class="sign-in-person">
        <PersonName name={person.person} displayName={person.display_name} />
        <Roles roles={person.roles} />
      </p>
      <div class="form-actions">
        <LinkButton href={placeOf(person)} tone="primary">
          {t.goOn}
        </LinkButton>
        <ActionButton onPress={signOut}>{t.signOut}</ActionButton>
      </div>
    </Section>
  );
}
