import { useEffect, useState } from "preact/hooks";
import { type Command, getCommands } from "../api";
import { ActionButton, EmptyState, ErrorState, kitWords, Loading, Section } from "../kit";
import { CommandCard } from "./CommandCard";
import { t } from "./words";

/** Every command that no longer waits, the newest first, page after page. */
export function History() {
  const w = t.value;
  const [found, setFound] = useState<Command[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ask = async (after: string | null) => {
    try {
      const page = await getCommands("", after);
      setFound((before) => [...(after ? (before ?? []) : []), ...page.commands]);
      setNext(page.next);
      setError(null);
    } catch (problem) {
      setError(problem);
    }
  };
  useEffect(() => {
    void ask(null);
  }, []);
  const over = found?.filter((command) => command.state !== "waiting");
  return (
    <Section title={w.tabs.history}>
      {error ? <ErrorState error={error} onRetry={() => ask(null)} /> : null}
      {!found && !error ? <Loading /> : null}
      {over?.length === 0 && !next ? <EmptyState title={w.noHistory} /> : null}
      {over?.map((command) => (
        <CommandCard key={command.id} command={command} />
      ))}
      {next ? (
        <div>
          <ActionButton onPress={() => ask(next)}>{kitWords.value.more}</ActionButton>
        </div>
      ) : null}
    </Section>
  );
}
