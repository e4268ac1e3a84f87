import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { type Keeping, keepingOf } from "../../trust/device";
import { type EnrolmentOpened, openEnrolment } from "../api";
import {
  AuthorityPage,
  CopyButton,
  Elsewhere,
  Form,
  isElsewhere,
  Loading,
  Problem,
  Section,
  SubmitButton,
  TextAreaField,
  useAct,
  wordsOf,
} from "../kit";
import { isProfile } from "./enrolment";
import { contradictions, type Invitation, readInvitation } from "./invitation";
import { Opened } from "./Opened";
import * as texts from "./words";

export const words = wordsOf(texts);
/** What came by the address or was pasted; it lives as long as the page does. */
export const invitation = signal<Invitation | null>(null);
/** Something came that is no invitation. */
export const unreadable = signal(false);

export function EnrolPage() {
  const t = words.value;
  return (
    <AuthorityPage path="/enrol" title={t.title} lead={t.lead} open narrow>
      {isElsewhere() ? (
        <Elsewhere path={invitation.value ? `/enrol#${invitation.value.token}` : "/enrol"} />
      ) : invitation.value ? (
        <Opening key={invitation.value.token} invitation={invitation.value} />
      ) : (
        <Paste />
      )}
    </AuthorityPage>
  );
}

function Paste() {
  const t = words.value;
  const [text, setText] = useState("");
  const submit = () => {
    const read = readInvitation(text);
    unreadable.value = read === null;
    invitation.value = read;
  };
  return (
    <section class="card section">
      <Form onSubmit={submit} wrong={unreadable.value ? text : null}>
        <TextAreaField
          label={t.paste}
          help={t.pasteHelp}
          error={unreadable.value ? t.pasteWrong : null}
          value={text}
          onChange={setText}
          rows={5}
          code
          required
        />
        <div class="form-actions">
          <SubmitButton busy={false} disabled={text.trim() === ""}>
            {t.read}
          </SubmitButton>
        </div>
      </Form>
    </section>
  );
}

/** Asks the server what it says of the invitation, and believes it only where both say the same. */
function Opening(props: { invitation: Invitation }) {
  const t = words.value;
  const { invitation: held } = props;
  const [opened, setOpened] = useState<EnrolmentOpened | null>(null);
  const [keeping, setKeeping] = useState<Keeping | null>(null);
  const { error, act } = useAct();
  const person = held.identity.kind === "person";
  useEffect(() => {
    if (!person) return;
    void act(async () => {
      const answer = await openEnrolment(held.token);
      setKeeping(isProfile(held.profile) ? await keepingOf(held.profile) : "none");
      setOpened(answer);
    });
  }, []);
  if (!person) return <Section title={t.notPerson} lead={t.notPersonText} />;
  if (error) {
    return (
      <section class="card section">
        <Problem error={error} />
      </section>
    );
  }
  if (!opened || keeping === null) return <Loading />;
  const against = contradictions(held, opened);
  if (against.length > 0) {
    return (
      <Section title={t.contradictionTitle}>
        <div class="notice notice-bad" role="alert">
          <p>{t.contradictionText}</p>
          <ul class="consequences">
            {against.map((what) => (
              <li key={what}>{t.contradiction[what]}</li>
            ))}
          </ul>
        </div>
      </Section>
    );
  }
  if (keeping === "none") return <Unsupported token={held.token} />;
  return <Opened invitation={held} opened={opened} readable={keeping === "readable"} />;
}

function Unsupported(props: { token: string }) {
  const t = words.value;
  return (
    <Section title={t.unsupportedTitle} lead={t.unsupportedText}>
      <ul class="consequences">
        {t.unsupportedWhat.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <div class="form-actions">
        <CopyButton text={props.token} label={t.copyInvitation} />
      </div>
    </Section>
  );
}
