import type { ComponentChildren } from "preact";

export interface Column<T> {
  key: string;
  title: string;
  cell: (row: T) => ComponentChildren;
  /** The cell that names its row; without one the first does. */
  heading?: boolean;
  /** Numbers and buttons stand at the right. */
  end?: boolean;
  /** Buttons need no title where a row is a card. */
  untitled?: boolean;
}

/** A table; at the width of a phone each row is a card that names its cells. */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  /** A caption that is seen; otherwise it is only read out. */
  captionShown?: boolean;
}) {
  const heading = props.columns.find((column) => column.heading) ?? props.columns[0];
  return (
    <table class="table">
      <caption class={props.captionShown ? "" : "unseen"}>{props.caption}</caption>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th key={column.key} scope="col" class={column.end ? "end" : ""}>
              <span class={column.untitled ? "unseen" : ""}>{column.title}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr key={props.rowKey(row)}>
            {props.columns.map((column) => {
              const shared = {
                key: column.key,
                class: [column.end ? "end" : "", column.untitled ? "untitled" : ""]
                  .filter(Boolean)
                  .join(" "),
                "data-title": column.title,
              };
              return column === heading ? (
                <th {...shared} scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td {...shared}>{column.cell(row)}</td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
