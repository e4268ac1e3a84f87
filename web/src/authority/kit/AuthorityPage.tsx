import { effect, type ReadonlySignal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { authorityProblem, refreshAuthority } from "../../frame/authority";
import { language, words } from "../../frame/language";
import { signInAddress } from "../../frame/ownAddress";
import { PageFrame } from "../../frame/PageFrame";
import { connection, consoleInfo, refreshConsole } from "../../frame/state";
import { LinkButton } from "./Button";
import { kitWords } from "./language";
import { ErrorState, Loading } from "./States";
import { askAuthority, authority, mayUse, me, rolesFor } from "./session";
import { Announcements } from "./Toast";

/** A page of the authority: header, title, content; content only for those whom the page serves.

`open` pages (sign-in, first contact) show their content to everybody. */
export function AuthorityPage(props: {
  path: string;
  title: string;
  lead?: ComponentChildren;
  open?: boolean;
  /** Narrow pages hold one form or one decision. */
  narrow?: boolean;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <PageFrame path={props.path}>
      <div class="authority-scroll">
        <div class={props.narrow ? "authority authority-narrow" : "authority"}>
          <div class="authority-head">
            <div>
              <h1>{props.title}</h1>
              {props.lead ? <p class="authority-lead">{props.lead}</p> : null}
            </div>
            {props.actions && admitted(props.path, props.open) ? (
              <div class="authority-actions">{props.actions}</div>
            ) : null}
          </div>
          <Guard path={props.path} open={props.open ?? false}>
            {props.children}
          </Guard>
        </div>
      </div>
      <Announcements />
    </PageFrame>
  );
}

function admitted(path: string, open = false): boolean {
  if (!authority.value) return false;
  return open || (me.value !== null && mayUse(path, me.value));
}

function Guard(props: { path: string; open: boolean; children: ComponentChildren }) {
  const t = kitWords.value;
  if (authority.value === undefined) {
    return authorityProblem.value ? (
      <ErrorState error={authorityProblem.value} onRetry={askAuthority} />
    ) : (
      <Loading />
    );
  }
  if (authority.value === null) {
    return (
      <Refusal title={t.noAuthorityTitle} text={t.noAuthorityText}>
        <LinkButton href="/">{words.value.missingBack}</LinkButton>
      </Refusal>
    );
  }
  if (admitted(props.path, props.open)) return <>{props.children}</>;
  if (me.value === null) {
    return (
      <Refusal title={t.nobodyTitle} text={t.nobodyText}>
        <LinkButton href={signInAddress(location)} tone="primary">
          {t.signIn}
        </LinkButton>
      </Refusal>
    );
  }
  const needed = rolesFor(props.path).map((role) => t.roles[role]);
  const list = new Intl.ListFormat(language.value, { type: "disjunction" }).format(needed);
  return <Refusal title={t.roleTitle} text={t.roleText(list)} />;
}

function Refusal(props: { title: string; text: string; children?: ComponentChildren }) {
  return (
    <section class="card refusal">
      <h2>{props.title}</h2>
      <p class="soft">{props.text}</p>
      {props.children}
    </section>
  );
}

/** A part of a page: heading, what it is for, buttons at its right, content. */
export function Section(props: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  children?: ComponentChildren;
  id?: string;
}) {
  return (
    <section class="card section" id={props.id}>
      <div class="section-head">
        <div>
          <h2>{props.title}</h2>
          {props.lead ? <p class="soft">{props.lead}</p> : null}
        </div>
        {props.actions ? <div class="section-actions">{props.actions}</div> : null}
      </div>
      {props.children}
    </section>
  );
}

/** Show a page: what every main.tsx of the authority does. `title` follows the language. */
export function showPage(title: ReadonlySignal<string>, Page: () => ComponentChildren): void {
  refreshConsole();
  refreshAuthority();
  effect(() => {
    if (authorityProblem.value) {
      connection.value = { state: "waiting", retryInS: 0, why: "lost" };
    } else if (consoleInfo.value && authority.value !== undefined) {
      connection.value = { state: "connected" };
    }
  });
  effect(() => {
    document.title = `${title.value} · ${words.value.name}`;
  });
  const page = document.getElementById("page");
  if (page) render(<Page />, page);
}
