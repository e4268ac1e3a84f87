import { useEffect, useRef, useState } from "preact/hooks";
import { ActionButton, ConfirmDialog, Loading } from "../../authority/kit";
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

type Done = "kept" | "removed" | null;

/**
 * Where the page came from, and the copy of it: kept by a press, removed by another.
 *
 * What became of a press is said here: this stands in a dialog, and what is said at the edge of the
 * page is neither read out nor seen well beneath one.
 */
export function PageCopy() {
  const w = t.value;
  const [standing, setStanding] = useStanding();
  const [removing, setRemoving] = useState(false);
  const [done, setDone] = useState<Done>(null);
  const [failed, setFailed] = useState<string | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  // The button that was pressed is gone then: the keyboard goes on from here.
  useEffect(() => {
    if (done !== null && !removing) heading.current?.focus();
  }, [done, removing]);
  if (standing === null) return <Loading />;
  const { state, number, version, next } = standing;
  const install = async () => {
    setFailed(null);
    setDone(null);
    setStanding(await installCopy());
    setDone("kept");
  };
  const remove = async () => {
    await removeCopy();
    setStanding(await pageStanding());
    setDone("removed");
  };
  return (
    <section class="sheet-part">
      <h3 ref={heading} tabIndex={-1}>
        {w.title}
      </h3>
      <p role="status">{done === null ? "" : { kept: w.keptNow, removed: w.removed }[done]}</p>
      {state === "fresh" ? <p>{w.fresh}</p> : null}
      {state === "installed" ? <p>{w.installed(number ?? 0, version)}</p> : null}
      {state === "refused" ? <p class="problem">{w.refused}</p> : null}
      {state === "fresh" && number !== null ? <p>{w.kept(number)}</p> : null}
      {next !== null ? <p>{w.next(next)}</p> : null}
      <Said sentence={standing.sentence} />
      {standing.installable ? (
        <>
          <p class="soft">{w.installHelp}</p>
          <ActionButton
            onPress={install}
            onError={(problem) => setFailed(problem instanceof Error ? problem.message : "")}
          >
            {w.install}
          </ActionButton>
        </>
      ) : null}
      {failed === null ? null : (
        <div role="alert">
          <p class="problem">{w.notKept}</p>
          <Said sentence={failed} />
        </div>
      )}
      {number !== null ? (
        <ActionButton
          tone="quiet"
          onPress={() => {
            setDone(null);
            setRemoving(true);
          }}
        >
          {w.remove}
        </ActionButton>
      ) : null}
      {removing ? (
        <ConfirmDialog
          title={w.remove}
          consequences={[w.removeWhat]}
          action={w.remove}
          onClose={() => setRemoving(false)}
          onConfirm={remove}
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
