import { useState } from "preact/hooks";
import { ActionButton, ConfirmDialog, Loading, say } from "../../authority/kit";
import { installCopy, pageStanding, removeCopy } from "./standing";
import { useStanding } from "./useStanding";
import { t } from "./words";

/** Stands out at the head of the page when the edge wants to change an installed copy wrongly. */
export function RefusedPages() {
  const w = t.value;
  const [standing] = useStanding();
  if (standing?.state !== "refused") return null;
  return (
    <div class="notice notice-bad" role="alert">
      <p class="notice-title">{w.refused}</p>
      <Said sentence={standing.sentence} />
    </div>
  );
}

/** Where the page came from, and the copy of it: kept by a press, removed by another. */
export function PageCopy() {
  const w = t.value;
  const [standing, setStanding] = useStanding();
  const [removing, setRemoving] = useState(false);
  if (standing === null) return <Loading />;
  const { state, number, version, next } = standing;
  return (
    <section class="sheet-part">
      <h3>{w.title}</h3>
      {state === "fresh" ? <p>{w.fresh}</p> : null}
      {state === "installed" ? <p>{w.installed(number ?? 0, version)}</p> : null}
      {state === "refused" ? <p class="problem">{w.refused}</p> : null}
      {state === "fresh" && number !== null ? <p>{w.kept(number)}</p> : null}
      {next !== null ? <p>{w.next(next)}</p> : null}
      <Said sentence={standing.sentence} />
      {standing.installable ? (
        <>
          <p class="soft">{w.installHelp}</p>
          <ActionButton onPress={async () => setStanding(await installCopy())}>
            {w.install}
          </ActionButton>
        </>
      ) : null}
      {number !== null ? (
        <ActionButton tone="quiet" onPress={() => setRemoving(true)}>
          {w.remove}
        </ActionButton>
      ) : null}
      {removing ? (
        <ConfirmDialog
          title={w.remove}
          consequences={[w.removeWhat]}
          action={w.remove}
          onClose={() => setRemoving(false)}
          onConfirm={async () => {
            await removeCopy();
            setStanding(await pageStanding());
            say(w.removed);
          }}
        />
      ) : null}
    </section>
  );
}

function Said(props: { sentence: string }) {
  if (props.sentence === "") return null;
  return (
    <p class="faint" lang="en">
      <bdi>{props.sentence}</bdi>
    </p>
  );
}
