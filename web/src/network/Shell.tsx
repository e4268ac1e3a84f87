import { effect, type ReadonlySignal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { ApiError, MisunderstoodError } from "../api/client";
import { Loading } from "../authority/kit";
import { words } from "../frame/language";
import { PageFrame } from "../frame/PageFrame";
import { connection, consoleInfo, refreshConsole } from "../frame/state";
import { type Feed, OLD_S, useAge } from "./feed";
import { age, Told } from "./figures";
import { t } from "./words";

/** The page's frame: title, how fresh what it shows is, and why not where it is not. */
export function Shell(props: {
  lead: string;
  feed: Feed<unknown>;
  children: ComponentChildren;
  /** Another page than that of the network. */
  page?: { path: string; title: string };
}) {
  const w = t.value;
  const { feed, page = { path: "/network", title: w.title } } = props;
  return (
    <PageFrame path={page.path}>
      <div class="authority-scroll">
        <div class="authority network">
          <div class="authority-head">
            <div>
              <h1>{page.title}</h1>
              <p class="authority-lead">{props.lead}</p>
            </div>
            <Freshness feed={feed} />
          </div>
          {feed.now === null && feed.error ? (
            <div class="state-error">
              <Trouble error={feed.error} />
              <p class="faint">{w.cannot}</p>
            </div>
          ) : null}
          {feed.now === null && !feed.error ? <Loading /> : null}
          {feed.now === null ? null : props.children}
        </div>
      </div>
    </PageFrame>
  );
}

/** Why there is nothing to show; the server explains itself in English. */
function Trouble(props: { error: unknown }) {
  const t = words.value;
  const { error } = props;
  const told = error instanceof ApiError && !(error instanceof MisunderstoodError) && error.message;
  if (told) {
    return (
      <p class="problem" role="alert" lang="en">
        <Told text={told} />
      </p>
    );
  }
  const text =
    error instanceof MisunderstoodError
      ? t.misunderstood
      : error instanceof ApiError && error.status !== 0
        ? t.refused
        : t.unreachable;
  return (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

/** Of fixed place and height: what is amiss must not move what is looked at. */
function Freshness(props: { feed: Feed<unknown> }) {
  const w = t.value;
  const ageS = useAge(props.feed.now);
  const old = ageS !== null && ageS > OLD_S;
  const state = ageS === null ? "first" : old ? "old" : "fresh";
  return (
    <p class={`freshness freshness-${state}`} id="freshness">
      <span class="freshness-dot" aria-hidden="true" />
      {/* Read out when it turns old, not each second anew. */}
      <span class="unseen" role="status">
        {old ? w.stale : ""}
      </span>
      <span>{ageS === null ? w.waitingFirst : old ? w.old(age(ageS)) : w.fresh}</span>
    </p>
  );
}

/** What both entries do: the frame's state, the title, the page. */
export function show(title: ReadonlySignal<string>, Page: () => ComponentChildren): void {
  refreshConsole();
  effect(() => {
    if (consoleInfo.value) connection.value = { state: "connected" };
  });
  effect(() => {
    document.title = `${title.value} · ${words.value.name}`;
  });
  const page = document.getElementById("page");
  if (page) render(<Page />, page);
}
