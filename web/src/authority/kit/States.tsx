/** What a place shows while there is nothing to show: loading, empty, failed. */

import type { ComponentChildren } from "preact";
import { ActionButton } from "./Button";
import { kitWords } from "./language";
import { sentenceOf } from "./sentence";

export function Loading() {
  return (
    <p class="state-loading faint" role="status">
      <span class="spinner" aria-hidden="true" />
      {kitWords.value.loading}
    </p>
  );
}

/** Nothing is here, and that is in order: say why, and what would bring something. */
export function EmptyState(props: { title: string; children?: ComponentChildren }) {
  return (
    <div class="state-empty">
      <p class="state-title">{props.title}</p>
      {props.children ? <div class="soft">{props.children}</div> : null}
    </div>
  );
}

/** What went wrong, read out at once. */
export function Problem(props: { error: unknown; id?: string }) {
  const { text, lang } = sentenceOf(props.error);
  return (
    <p class="problem" role="alert" id={props.id} {...(lang ? { lang } : {})}>
      <bdi>{text}</bdi>
    </p>
  );
}

/** A list or a page could not be loaded; trying again is one press away. */
export function ErrorState(props: { error: unknown; onRetry?: () => void | Promise<void> }) {
  return (
    <div class="state-error">
      <Problem error={props.error} />
      {props.onRetry ? (
        <ActionButton onPress={props.onRetry}>{kitWords.value.reload}</ActionButton>
      ) : null}
    </div>
  );
}
