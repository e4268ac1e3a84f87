import { useEffect, useRef, useState } from "preact/hooks";
import type { EnrolmentOpened } from "../api";
import {
  ActionButton,
  askAuthority,
  CheckField,
  Fingerprint,
  IdentityName,
  LinkButton,
  Loading,
  now,
  Problem,
  Section,
  useAct,
  When,
} from "../kit";
import { words } from "./EnrolPage";
import { Enrolment, isProfile, type Outcome, waitingFingerprint } from "./enrolment";
import type { Invitation } from "./invitation";

const ASK_AGAIN_MS = 5_000;

/** An invitation that the server knows as we do: show it, make the keys, wait, be let in. */
export function Opened(props: {
  invitation: Invitation;
  opened: EnrolmentOpened;
  /** The key made here can be read by pages of this site. */
  readable: boolean;
}) {
  const { invitation, opened } = props;
  const enrolment = useRef<Enrolment | null>(null);
  if (!enrolment.current && isProfile(invitation.profile)) {
    enrolment.current = new Enrolment(invitation, invitation.profile);
  }
  const [answer, setAnswer] = useState<Outcome>({
    state: opened.state,
    chain: null,
    sentence: null,
    kept: false,
  });
  const { busy, error, act } = useAct();
  const step = (ask: (current: Enrolment) => Promise<Outcome>) =>
    act(async () => {
      const current = enrolment.current;
      if (!current) return;
      const next = await ask(current);
      setAnswer(next);
      if (next.state === "granted") await askAuthority();
    });

  const following = answer.state === "waiting" || (answer.state === "granted" && !answer.chain);
  useEffect(() => {
    if (!following) return;
    void step((current) => current.follow());
    const timer = setInterval(() => void step((current) => current.follow()), ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [following]);

  useEffect(() => {
    // Why it was refused comes with the answer, not with the invitation.
    if (opened.state === "refused") void step((current) => current.follow());
  }, []);

  if (answer.state === "refused") return <Refused sentence={answer.sentence} />;
  if (answer.state === "granted") return <Granted answer={answer} error={error} />;
  if (answer.state === "waiting") return <Waiting invitation={invitation} error={error} />;
  return (
    <Ready
      opened={opened}
      readable={props.readable}
      busy={busy}
      error={error}
      onCreate={() => step((current) => current.ask(opened.passkey))}
    />
  );
}

function Ready(props: {
  opened: EnrolmentOpened;
  readable: boolean;
  busy: boolean;
  error: unknown;
  onCreate: () => Promise<boolean>;
}) {
  const t = words.value;
  const { opened } = props;
  const [same, setSame] = useState(false);
  if (opened.expires <= now.value) {
    return (
      <p class="problem" role="alert">
        {t.expired}
      </p>
    );
  }
  return (
    <>
      <Section title={t.forWhom}>
        <dl class="facts">
          <dt>{t.name}</dt>
          <dd class="enrol-name">
            <bdi>{opened.display_name}</bdi>
          </dd>
          <dt>{t.identity}</dt>
          <dd>
            <IdentityName path={opened.identity} />
          </dd>
          <dt>{t.community}</dt>
          <dd>
            <bdi>{opened.community}</bdi>
          </dd>
          <dt>{t.profile}</dt>
          <dd>{t.profiles[opened.profile] ?? <bdi>{opened.profile}</bdi>}</dd>
          <dt>{t.expires}</dt>
          <dd>
            <When time={opened.expires} exact />{" "}
            <span class="faint">
              (<When time={opened.expires} />)
            </span>
          </dd>
          <dt>{t.approval}</dt>
          <dd>{opened.approval ? t.approvalYes : t.approvalNo}</dd>
        </dl>
      </Section>
      {opened.purpose === "recover" ? (
        <div class="notice">
          <p class="notice-title">{t.recoverTitle}</p>
          <p>{t.recoverText}</p>
        </div>
      ) : null}
      {props.readable ? (
        <div class="notice">
          <p class="notice-title">{t.readableTitle}</p>
          <p>{t.readable}</p>
        </div>
      ) : null}
      <Section title={t.rootTitle} lead={t.rootText}>
        <Fingerprint hex={opened.root} />
        <CheckField label={t.rootSame} checked={same} onChange={setSame} />
        <p class="soft">{opened.passkey ? t.createText : t.createTextKey}</p>
        {props.error ? <Problem error={props.error} /> : null}
        <div class="form-actions">
          <ActionButton
            tone="primary"
            busy={props.busy}
            disabled={!same}
            onPress={async () => void (await props.onCreate())}
          >
            {props.busy ? t.making : opened.passkey ? t.create : t.createOnlyKey}
          </ActionButton>
        </div>
      </Section>
    </>
  );
}

function Waiting(props: { invitation: Invitation; error: unknown }) {
  const t = words.value;
  const [key, setKey] = useState<string | null>(null);
  useEffect(() => {
    waitingFingerprint(props.invitation).then(setKey, () => setKey(null));
  }, []);
  return (
    <Section title={t.waitingTitle} lead={t.waitingText}>
      {key ? (
        <>
          <p>{t.waitingKey}</p>
          <Fingerprint hex={key} />
        </>
      ) : null}
      {props.error ? (
        <Problem error={props.error} />
      ) : (
        <p class="state-loading faint" role="status">
          <span class="spinner" aria-hidden="true" />
          {t.waitingAsk}
        </p>
      )}
    </Section>
  );
}

function Granted(props: { answer: Outcome; error: unknown }) {
  const t = words.value;
  if (props.error) return <Problem error={props.error} />;
  if (!props.answer.chain) return <Loading />;
  if (!props.answer.kept)
    return <Section title={t.grantedElsewhere} lead={t.grantedElsewhereText} />;
  return (
    <Section title={t.grantedTitle} lead={t.grantedText}>
      <div class="form-actions">
        <LinkButton href="/me" tone="primary">
          {t.goOn}
        </LinkButton>
      </div>
    </Section>
  );
}

function Refused(props: { sentence: string | null }) {
  const t = words.value;
  return (
    <Section title={t.refusedTitle} lead={t.refusedText}>
      {props.sentence ? (
        <p class="notice">
          <bdi>{props.sentence}</bdi>
        </p>
      ) : null}
    </Section>
  );
}
