import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { get } from "../../api/client";
import { number, object } from "../../api/validate";
import {
  ActionButton,
  Dialog,
  Fingerprint,
  IdentityName,
  identityParts,
  kitWords,
  momentOf,
  useAnswer,
} from "../../authority/kit";
import { consoleInfo } from "../../frame/state";
import { hex } from "../../trust/octets";
import { useStanding } from "../installed/useStanding";
import type { Security, TalkView } from "../talk/talkView";
import { CallWay } from "./CallWay";
import { keys, ownSite, people } from "./desk";
import { t } from "./words";

type Secured = Extract<Security, { state: "secured" }>;

/** "Office rome": a site by its identity. */
export function siteName(path: string): string {
  const parts = identityParts(path);
  return parts ? `${kitWords.value.kinds[parts.kind]} ${parts.name}` : path;
}

/** Who is at the other end and how that is known, by what the call is sealed, and what is not. */
export function SecuritySheet(props: { talk: TalkView; name: string; onClose: () => void }) {
  const w = t.value;
  const { security } = props.talk;
  if (security.state !== "secured") return null;
  return (
    <Dialog title={w.sheetTitle(props.name)} onClose={props.onClose} wide reading>
      <KeyNewsPart talk={props.talk} />
      <Who security={security} name={props.name} />
      <Safety safety={security.safety} help={w.safetyHelp} />
      <Part title={w.keys}>
        <dl class="facts">
          <dt>{w.profile}</dt>
          <dd class="code">{security.profile}</dd>
          <dt>{w.epoch}</dt>
          <dd>{String(security.epoch)}</dd>
        </dl>
      </Part>
      <Part title={w.way}>
        <Way person={props.talk.person} />
      </Part>
      <Part title={w.notProtected}>
        <ul class="consequences">
          <PageOrigin />
          {security.peer.standing === "grace" ? <li>{w.notInForce}</li> : null}
          {w.notProtectedList.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Part>
      <div class="dialog-actions">
        <ActionButton onPress={props.onClose}>{w.close}</ActionButton>
      </div>
    </Dialog>
  );
}

/** What is to be made of a key that is not the one of the last call. */
function KeyNewsPart(props: { talk: TalkView }) {
  const w = t.value;
  const news = keys.value?.newsOf(props.talk) ?? null;
  if (news === null) return null;
  const isNew = news.kind === "new";
  return (
    <div class={isNew ? "notice" : "notice notice-plain"}>
      <p class="notice-title">{isNew ? w.keyNew(momentOf(news.since / 1000)) : w.keyFirst}</p>
      <p>{isNew ? w.keyNewHelp : w.keyFirstHelp}</p>
    </div>
  );
}

/** Where this page comes from: whose word all else that it says rests on. */
export function PageOrigin() {
  const w = t.value;
  const [standing] = useStanding();
  const served = standing === null || standing.state === "fresh";
  return (
    <li>{served ? w.pageServed(ownSite.value && siteName(ownSite.value)) : w.pageInstalled}</li>
  );
}

/** One subject of a sheet. */
export function Part(props: { title: string; children: ComponentChildren }) {
  return (
    <section class="sheet-part">
      <h3>{props.title}</h3>
      {props.children}
    </section>
  );
}

function Who(props: { security: Secured; name: string }) {
  const w = t.value;
  const { peer } = props.security;
  const { identity, leaf } = peer;
  const print = hex(leaf.fingerprint);
  return (
    <Part title={w.who}>
      <dl class="facts">
        <dt>{w.person}</dt>
        <dd>
          <bdi class="person-display">{props.name}</bdi>
        </dd>
        <dt>{w.device}</dt>
        <dd>
          <IdentityName path={identity.path} />
        </dd>
        <dt>{w.certificate}</dt>
        <dd>
          {w.validUntil(momentOf(leaf.notAfter))}
          {peer.standing === "grace" ? `, ${w.certificateGrace}` : ""}
          <Fingerprint hex={print} />
        </dd>
        <dt>{w.logEntry}</dt>
        <dd>
          <LogEntry print={print} /> <Witnesses security={props.security} />
        </dd>
      </dl>
    </Part>
  );
}

const evidence = object<{ index: number }>({ index: number });

/** That it is in the log was proven before the call was secured; only its place is asked for here. */
function LogEntry(props: { print: string }) {
  const w = t.value;
  const { answer } = useAnswer(() => get(`/api/calls/evidence/${props.print}`, evidence));
  if (!answer) return <span>{w.logEntryProven}</span>;
  const page = consoleInfo.value?.pages.some(({ path }) => path === "/audit") ?? false;
  const words = w.logEntryAt(answer.index);
  return page ? <a href={`/audit?index=${answer.index}`}>{words}</a> : <span>{words}</span>;
}

/** Who else has looked at the log: by their word alone it is one and the same for everybody. */
function Witnesses(props: { security: Secured }) {
  const { witnesses, peer } = props.security;
  const own = `${peer.identity.community}/`;
  const names = witnesses.map((name) =>
    siteName(name.startsWith(own) ? name.slice(own.length) : name),
  );
  return names.length === 0 ? null : (
    <span class="soft">
      (<bdi>{t.value.witnessedBy(names.join(", "))}</bdi>)
    </span>
  );
}

/** The number that two people compare, and how. */
export function Safety(props: { safety: string; help: string }) {
  const w = t.value;
  const help = useId();
  const groups = props.safety.split(" ");
  return (
    <Part title={w.safety}>
      <ol class="safety code" aria-describedby={help}>
        {groups.map((group, at) => (
          <li key={at}>{group}</li>
        ))}
      </ol>
      <p class="soft" id={help}>
        {props.help}
      </p>
    </Part>
  );
}

/** The way between the two sites, where this edge tells of its network. */
function Way(props: { person: string }) {
  const w = t.value;
  const there = people.value.find(({ person }) => person === props.person)?.site ?? "";
  if (there !== "" && there === ownSite.value) return <p>{w.wayWithin}</p>;
  const told = consoleInfo.value?.pages.some(({ path }) => path === "/network") ?? false;
  if (!told || there === "") return <p class="faint">{w.wayUnknown}</p>;
  return <CallWay site={there} name={siteName(there)} />;
}
