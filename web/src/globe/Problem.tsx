import { sentenceOf } from "./state";

/** What went wrong, said once and read out at once. */
export function Problem(props: { error: unknown; class?: string }) {
  const { text, lang } = sentenceOf(props.error);
  return (
    <p class={props.class ?? "problem"} role="alert" {...(lang ? { lang } : {})}>
      {text}
    </p>
  );
}
