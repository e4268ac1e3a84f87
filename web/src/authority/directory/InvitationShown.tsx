import "./invitation.css";
import type { InvitationMade } from "../api";
import { CopyButton, IdentityName, momentOf, Qr, When } from "../kit";
import { t } from "./words";

/** An invitation that was just made: QR code, link and text, shown this once. */
export function InvitationShown(props: { made: InvitationMade }) {
  const w = t.value;
  const { made } = props;
  return (
    <div class="invitation">
      <p class="notice">{w.madeOnce}</p>
      <div class="invitation-parts">
        {made.qr ? <Qr svg={made.qr} what={made.identity} /> : null}
        <dl class="facts invitation-facts">
          <dt>{w.invitationFor}</dt>
          <dd>
            <IdentityName path={made.identity} />
          </dd>
          <dt>{w.expires}</dt>
          <dd>
            {momentOf(made.expires)} (<When time={made.expires} />)
          </dd>
        </dl>
      </div>
      {made.link ? <Secret label={w.link} text={made.link} copy={w.copyLink} /> : null}
      <Secret label={w.token} text={made.token} copy={w.copyToken} />
    </div>
  );
}

function Secret(props: { label: string; text: string; copy: string }) {
  return (
    <div class="invitation-secret">
      <h3>{props.label}</h3>
      <output class="code invitation-text">{props.text}</output>
      <CopyButton text={props.text} label={props.copy} />
    </div>
  );
}
