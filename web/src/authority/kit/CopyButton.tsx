import { useState } from "preact/hooks";
import { ActionButton } from "./Button";
import { kitWords } from "./language";
import { Sentence } from "./sentence";
import { say } from "./Toast";

/** Copies a text; says what where several stand side by side. */
export function CopyButton(props: { text: string; label?: string }) {
  const t = kitWords.value;
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(props.text);
    } catch {
      throw new Sentence(t.copyFailed);
    }
    setCopied(true);
    say(t.copied);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <ActionButton onPress={copy} {...(props.label ? { label: props.label } : {})}>
      {copied ? t.copied : t.copy}
    </ActionButton>
  );
}
