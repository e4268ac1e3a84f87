import { useState } from "preact/hooks";
import { breakGlass } from "../api";
import { Form, Problem, SubmitButton, TextAreaField, TextField, useAct } from "../kit";
import { enter, words } from "./SignInPage";

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const SHORTEST_REASON = 8;

/** An emergency code from the ceremony's sealed sheet, behind a door that says what it does. */
export function BreakGlass() {
  const t = words.value;
  const [person, setPerson] = useState("");
  const [code, setCode] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(0);
  const { busy, error, act } = useAct();
  const wrong = {
    person: NAME.test(person.trim()) ? null : t.personWrong,
    code: code.trim() === "" ? t.codeWrong : null,
    reason: reason.trim().length < SHORTEST_REASON ? t.reasonWrong : null,
  };
  const submit = () => {
    setTried(tried + 1);
    if (wrong.person || wrong.code || wrong.reason) return;
    void act(async () => {
      const now = await breakGlass(person.trim(), code.trim(), reason.trim());
      setCode("");
      enter(now);
    });
  };
  return (
    <details class="card disclosure disclosure-danger">
      <summary>{t.glass}</summary>
      <div class="disclosure-body">
        <div class="notice notice-bad">
          <p class="notice-title">{t.glassWarning}</p>
          <ul class="consequences">
            {t.glassWhat.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </div>
        <Form onSubmit={submit} wrong={tried}>
          <TextField
            label={t.person}
            help={t.personHelp}
            error={tried ? wrong.person : null}
            value={person}
            onChange={setPerson}
            autocomplete="username"
            maxLength={63}
            code
            required
          />
          <TextField
            label={t.code}
            help={t.codeHelp}
            error={tried ? wrong.code : null}
            value={code}
            onChange={setCode}
            maxLength={128}
            code
            required
          />
          <TextAreaField
            label={t.reason}
            help={t.reasonHelp}
            error={tried ? wrong.reason : null}
            value={reason}
            onChange={setReason}
            maxLength={500}
            required
          />
          {error ? <Problem error={error} /> : null}
          <div class="form-actions">
            <SubmitButton busy={busy} tone="danger">
              {t.breakGlass}
            </SubmitButton>
          </div>
        </Form>
      </div>
    </details>
  );
}
