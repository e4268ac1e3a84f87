import { signInAddress } from "../../frame/ownAddress";
import { type AuthorityState, getDirectory, getPolicy, getSites } from "../api";
import {
  AuthorityPage,
  authority,
  Fingerprint,
  kitWords,
  LinkButton,
  Mark,
  me,
  Section,
  useAnswer,
  wordsOf,
} from "../kit";
import { type Known, officersAmong, progress, STEPS, type StepName, type StepState } from "./steps";
import * as texts from "./words";

export const words = wordsOf(texts);

const LINKS = {
  signIn: "/me",
  officer: "/directory",
  site: "/sites",
  policy: "/policy",
} as const;
const leads = (step: StepName): step is keyof typeof LINKS => step in LINKS;
const REFRESH_MS = 20_000;

/** A list that this role may not read is no error here: it is not seen. */
const orNull = <T,>(answer: Promise<T>) => answer.catch(() => null);

async function look(): Promise<Known> {
  const signedIn = me.value !== null;
  if (!signedIn) return { signedIn, officers: null, sites: null, policy: null };
  const [directory, sites, policy] = await Promise.all([
    orNull(getDirectory()),
    orNull(getSites()),
    orNull(getPolicy()),
  ]);
  return {
    signedIn,
    officers: directory ? officersAmong(directory.people) : null,
    sites: sites ? sites.filter((site) => site.enrolled !== null).length : null,
    policy: policy?.number ?? null,
  };
}

export function StartPage() {
  const t = words.value;
  const state = authority.value;
  return (
    <AuthorityPage path="/start" title={t.title} lead={t.lead} open>
      {state ? <Steps state={state} /> : null}
    </AuthorityPage>
  );
}

function Steps(props: { state: AuthorityState }) {
  const t = words.value;
  const signedIn = me.value !== null;
  const { answer } = useAnswer(look, [signedIn], REFRESH_MS);
  const known = answer ?? { signedIn, officers: null, sites: null, policy: null };
  const states = progress(known);
  const countable = STEPS.filter((step) => step !== "backup");
  const done = countable.filter((step) => states[step] === "done").length;
  const told: Partial<Record<StepName, string>> = {
    ...(known.officers === null ? {} : { officer: t.officers(known.officers) }),
    ...(known.sites === null ? {} : { site: t.sites(known.sites) }),
    ...(known.policy === null ? {} : { policy: t.policyNumber(known.policy) }),
    backup: t.backupHow,
  };
  return (
    <>
      <div class="start-progress">
        <progress max={countable.length} value={done} aria-labelledby="start-progress" />
        <p id="start-progress" class="soft">
          {t.progress(done, countable.length)}
        </p>
      </div>
      {done === countable.length ? (
        <div class="notice notice-good" role="status">
          <p class="notice-title">{t.doneTitle}</p>
          <p>{t.doneText}</p>
        </div>
      ) : null}
      <ol class="steps">
        {STEPS.map((step, index) => (
          <Step
            key={step}
            step={step}
            number={index + 1}
            state={states[step]}
            told={told[step]}
            signedIn={signedIn}
          />
        ))}
      </ol>
      <Section title={t.root} lead={t.rootWhy}>
        <Fingerprint hex={props.state.root} />
        <dl class="facts">
          <dt>{t.community}</dt>
          <dd>
            <bdi>{props.state.community}</bdi>
          </dd>
          <dt>{t.profile}</dt>
          <dd>
            <bdi class="code">{props.state.profile}</bdi>
          </dd>
        </dl>
      </Section>
    </>
  );
}

const LEVELS = {
  done: "good",
  next: "notice",
  later: "quiet",
  unseen: "quiet",
  outside: "quiet",
} as const;

function Step(props: {
  step: StepName;
  number: number;
  state: StepState;
  told: string | undefined;
  signedIn: boolean;
}) {
  const t = words.value;
  const { step, state } = props;
  const names = {
    done: t.done,
    next: t.next,
    later: t.later,
    unseen: t.unknown,
    outside: t.here,
  };
  const { title, why } = t.steps[step];
  const toSignIn = step === "signIn" && !props.signedIn;
  return (
    <li class={`step step-${state}`} aria-current={state === "next" ? "step" : undefined}>
      <span class="step-number" aria-hidden="true">
        {state === "done" ? (
          <svg viewBox="0 0 24 24" class="icon" aria-hidden="true">
            <path d="m5 12.5 4.5 4.5L19 7.5" />
          </svg>
        ) : (
          props.number
        )}
      </span>
      <div class="step-body">
        <div class="step-head">
          <h2>{toSignIn ? kitWords.value.signIn : title}</h2>
          <Mark level={LEVELS[state]}>{names[state]}</Mark>
        </div>
        <p class="soft">{why}</p>
        {props.told ? <p class="step-told">{props.told}</p> : null}
        {toSignIn ? (
          <LinkButton href={signInAddress(location)} tone="primary">
            {kitWords.value.signIn}
          </LinkButton>
        ) : leads(step) && props.signedIn ? (
          <LinkButton href={LINKS[step]} tone={state === "next" ? "primary" : "plain"}>
            {t.actions[step]}
          </LinkButton>
        ) : null}
      </div>
    </li>
  );
}
